//! The tables: platforms and families of images, the program's own and what users add.

use std::ops::Range;
use std::sync::LazyLock;

use serde::Deserialize;
use toml::Spanned;

use super::ImageFamily;
use super::Platform;
use super::pattern::plain_image;
use crate::document::nearest;
use crate::value::ValueError;

static OWN: LazyLock<Table> = LazyLock::new(|| {
    // They are parts of the program; a test holds that they can be read.
    let table = Table::default().extended(include_str!("platforms.toml"));
    table.and_then(|table| table.extended(include_str!("image_families.toml"))).unwrap_or_default()
});

/// What is known of platforms and images.
#[derive(Clone, Debug, Default)]
pub struct Table {
    platforms: Vec<Platform>,
    families: Vec<ImageFamily>,
}

/// What is wrong with a table, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableError {
    /// What is wrong.
    pub message: String,
    /// The next step.
    pub help: String,
    /// The bytes of the text that it is about.
    pub bytes: Range<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    platform: Vec<Spanned<Platform>>,
    #[serde(default)]
    family: Vec<Spanned<ImageFamily>>,
}

const HELP: &str = "the heads of `src/cloud/platforms.toml` and `image_families.toml` in the program's sources say what the keys mean";

impl Table {
    /// The program's own.
    pub fn own() -> &'static Self {
        &OWN
    }

    /// Adds the rows of a text: one of a name that is there replaces it, and new families are asked first.
    pub fn extended(&self, text: &str) -> Result<Self, TableError> {
        let file: File = toml::from_str(text).map_err(|cause| TableError {
            message: cause.message().to_owned(),
            help: HELP.to_owned(),
            bytes: cause.span().unwrap_or(0..0),
        })?;
        let mut table = self.clone();
        let wrong =
            |bytes: Range<usize>, message: String| Err(TableError { message, help: HELP.to_owned(), bytes });
        for row in file.platform {
            let bytes = row.span();
            let row = row.into_inner();
            if let Some(problem) = row.problem() {
                return wrong(bytes, format!("the platform `{}` {problem}", row.name));
            }
            match table.platforms.iter_mut().find(|known| known.name == row.name) {
                Some(known) => *known = row,
                None => table.platforms.push(row),
            }
        }
        let mut families = Vec::new();
        for row in file.family {
            let bytes = row.span();
            let row = row.into_inner();
            if let Some(problem) = row.problem() {
                return wrong(bytes, format!("the family `{}` {problem}", row.name));
            }
            // The program's own tables come platforms first.
            if let Some(name) = row.platforms.iter().find(|name| table.exactly(name).is_none()) {
                let message = format!("the family `{}` is on `{name}`, which is no platform", row.name);
                return wrong(bytes, message);
            }
            if families.iter().any(|known: &ImageFamily| known.name == row.name) {
                return wrong(bytes, format!("the family `{}` is there twice", row.name));
            }
            families.push(row);
        }
        let is_replaced = |known: &ImageFamily| families.iter().any(|new| new.name == known.name);
        table.families.retain(|known| !is_replaced(known));
        families.append(&mut table.families);
        table.families = families;
        Ok(table)
    }

    /// Every platform.
    pub fn platforms(&self) -> &[Platform] {
        &self.platforms
    }

    /// Every family, in the order in which they are asked.
    pub fn families(&self) -> &[ImageFamily] {
        &self.families
    }

    /// The platform of this name, or of one that it has besides.
    pub fn platform(&self, name: &str) -> Result<&Platform, ValueError> {
        let by_alias = || self.platforms.iter().find(|known| known.aliases.iter().any(|alias| alias == name));
        self.exactly(name).or_else(by_alias).ok_or_else(|| {
            let names: Vec<&str> = self.platforms.iter().map(|known| known.name.as_str()).collect();
            let help = match nearest(name, names.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there are {}", names.join(", ")),
            };
            ValueError::new(format!("`{name}` is no platform"), help)
        })
    }

    /// The family that an image on a platform is of.
    pub fn family(&self, platform: &Platform, image: &str) -> Option<&ImageFamily> {
        let image = plain_image(image);
        self.families.iter().find(|family| family.holds(&platform.name, &image))
    }

    fn exactly(&self, name: &str) -> Option<&Platform> {
        self.platforms.iter().find(|known| known.name == name)
    }
}
