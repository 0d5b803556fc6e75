//! Dumps of clusters, read object by object and file by file: of any size, in little memory.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read as _;
use std::path::Path;

use serde::de::DeserializeSeed;
use serde::de::Deserializer;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Map;
use serde_json::Value;

use super::Failure;
use super::saved::refuse_archive;
use crate::document::Origin;
use crate::machineconfig::each_object;
use crate::machineconfig::explain::Dump;
use crate::machineconfig::explain::MAX_OBJECT_BYTES;
use crate::machineconfig::explain::Pieces;
use crate::machineconfig::explain::matters;

/// The longest line: no object is larger.
const MAX_LINE_BYTES: u64 = MAX_OBJECT_BYTES as u64;
/// The most files that are looked at; a must-gather of a large cluster has some 100,000.
const MAX_FILES: usize = 2_000_000;
/// The deepest folder.
const MAX_DEPTH: usize = 24;

/// Reads a dump: a file of objects, standard input (`-`), or a folder, as a must-gather is. Also says what could not be read.
///
/// In a must-gather, files that cannot matter are not opened.
pub fn read_dump(path: &Path) -> Result<(Dump, Vec<String>), Failure> {
    let mut reading = Reading { dump: Dump::default(), troubles: Vec::new(), files: 0 };
    let failed = |cause: io::Error| match cause.kind() {
        io::ErrorKind::InvalidData => Failure::input(
            format!("`{}` is no dump: {cause}", path.display()),
            "name what `oc get … -o yaml` or `-o json` printed, whole",
        ),
        _ => Failure::io("read", path, &cause),
    };
    if path == Path::new("-") {
        reading.objects("standard input", &mut io::stdin().lock()).map_err(failed)?;
    } else if path.metadata().map_err(failed)?.is_dir() {
        reading.folder(path, "", 0).map_err(failed)?;
    } else {
        refuse_archive(path)?;
        let mut file = BufReader::new(File::open(path).map_err(failed)?);
        reading.objects(&path.display().to_string(), &mut file).map_err(failed)?;
    }
    Ok((reading.dump, reading.troubles))
}

struct Reading {
    dump: Dump,
    troubles: Vec<String>,
    files: usize,
}

impl Reading {
    /// Reads what is below a folder; `below` is the way from where it began. Links are not followed.
    fn folder(&mut self, folder: &Path, below: &str, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            self.troubles.push(format!("`{}` is too deep, and was left out", folder.display()));
            return Ok(());
        }
        let mut entries = folder.read_dir()?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            self.files += 1;
            if self.files > MAX_FILES {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has too many files"));
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let way = format!("{below}/{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.folder(&entry.path(), &way, depth + 1)?;
            } else if kind.is_file() && is_wanted(&way) {
                let path = entry.path();
                let read = File::open(&path)
                    .and_then(|file| self.objects(&path.display().to_string(), &mut BufReader::new(file)));
                if let Err(cause) = read {
                    self.troubles.push(format!("`{}` is left out: {cause}", path.display()));
                }
            }
        }
        Ok(())
    }

    /// Reads one text: JSON, or documents of YAML.
    fn objects(&mut self, name: &str, from: &mut dyn BufRead) -> io::Result<()> {
        if from.fill_buf()?.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
            return self.json(name, from);
        }
        let mut pieces = Pieces::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            (&mut *from).take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                break;
            }
            if line.len() as u64 == MAX_LINE_BYTES {
                let message = format!("it has a line of more than {MAX_LINE_BYTES} bytes");
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
            if let Some(piece) = pieces.line(&text) {
                self.piece(name, piece.text.as_deref(), piece.line);
            }
        }
        if let Some(piece) = pieces.end() {
            self.piece(name, piece.text.as_deref(), piece.line);
        }
        Ok(())
    }

    fn piece(&mut self, name: &str, text: Option<&str>, line: usize) {
        let Some(text) = text else {
            self.troubles.push(format!("`{name}:{line}` is left out: the object is too large"));
            return;
        };
        let origin = Origin { line, ..Origin::of_file(name) };
        let dump = &mut self.dump;
        let problems = each_object(name, text, &mut |object| {
            dump.take(object.group, object.kind, object.value, &origin);
        });
        if let Some(problem) = problems.first() {
            let at = problem.origin.as_ref().map_or(line, |origin| origin.line + line - 1);
            self.troubles.push(format!("`{name}:{at}` is not read: {}", problem.what));
        }
    }

    fn json(&mut self, name: &str, from: &mut dyn BufRead) -> io::Result<()> {
        let origin = Origin::of_file(name);
        let dump = &mut self.dump;
        let left = Cell::new(MAX_OBJECT_BYTES);
        let mut take = |implied: (&str, &str), object: &Value| {
            left.set(MAX_OBJECT_BYTES);
            let own = |key, or| object.get(key).and_then(Value::as_str).unwrap_or(or);
            let group = own("apiVersion", implied.0).split_once('/').map_or("", |(group, _)| group);
            dump.take(group, own("kind", implied.1), object, &origin);
        };
        let mut json = serde_json::Deserializer::from_reader(Metered { from, left: &left });
        Objects { take: &mut take }
            .deserialize(&mut json)
            .map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause.to_string()))
    }
}

/// A text of which each object must end within so many bytes: what is larger is refused before it fills memory.
struct Metered<'a> {
    from: &'a mut dyn BufRead,
    left: &'a Cell<usize>,
}

impl io::Read for Metered<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(self.left.get());
        if most == 0 && !into.is_empty() {
            let message = format!("it has an object of more than {MAX_OBJECT_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let count = self.from.read(into.get_mut(..most).unwrap_or_default())?;
        self.left.set(self.left.get() - count);
        Ok(count)
    }
}

/// True for a text of objects that may matter.
fn is_wanted(way: &str) -> bool {
    let is_text = [".yaml", ".yml", ".json"].iter().any(|ending| way.ends_with(ending));
    let is_gathered = way.contains("/cluster-scoped-resources/") || way.contains("/namespaces/");
    is_text && (!is_gathered || matters(way))
}

/// An object of JSON whose `items` are shown one by one, and never all in memory.
struct Objects<'a> {
    take: &'a mut dyn FnMut((&str, &str), &Value),
}

impl<'de> DeserializeSeed<'de> for Objects<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Objects<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of a cluster, or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut own = Map::new();
        let mut is_list = false;
        while let Some(key) = entries.next_key::<String>()? {
            if key == "items" {
                is_list = true;
                let text = |key: &str| own.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                // The members of a `PodList` need not say what they are.
                let kind = text("kind").strip_suffix("List").unwrap_or_default().to_owned();
                let implied = (text("apiVersion"), kind);
                entries.next_value_seed(Items { implied, take: &mut *self.take })?;
            } else {
                own.insert(key, entries.next_value()?);
            }
        }
        if !is_list {
            (self.take)(("", ""), &Value::Object(own));
        }
        Ok(())
    }
}

struct Items<'a> {
    implied: (String, String),
    take: &'a mut dyn FnMut((&str, &str), &Value),
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(object) = members.next_element::<Value>()? {
            (self.take)((&self.implied.0, &self.implied.1), &object);
        }
        Ok(())
    }
}
