//! The only printer: results on standard output, everything else on standard error.

use std::io::IsTerminal as _;
use std::io::Write as _;
use std::time::Duration;

use clap::Args;
use clap::ValueEnum;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;

use crate::document::Diagnostic;
use crate::document::Severity;
use crate::value::is_printable;
use crate::world::Failure;
use crate::world::Sources;

/// How results are shown; the same for every command.
#[derive(Clone, Debug, Args)]
pub(super) struct Arguments {
    /// Results for people or for programs.
    #[arg(long, global = true, value_enum, default_value = "text")]
    format: Format,
    /// Say only results and what went wrong.
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Prints results, findings and progress.
#[derive(Debug)]
pub struct Ui {
    format: Format,
    quiet: bool,
    colours: bool,
    spinner: Option<ProgressBar>,
}

/// What a piece of text means, for its colour.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tone {
    Good,
    Bad,
    Doubtful,
    Faint,
}

impl Ui {
    pub(super) fn new(arguments: &Arguments) -> Self {
        let colours = std::io::stdout().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { format: arguments.format, quiet: arguments.quiet, colours, spinner: None }
    }

    /// True if there is somebody to ask.
    pub(super) fn can_ask(&self) -> bool {
        !self.quiet && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// True if results go to a person's screen.
    pub(super) fn is_on_screen(&self) -> bool {
        std::io::stdout().is_terminal()
    }

    /// Asks until the answer is right; an empty one, or the end of the input, is none.
    pub(super) fn ask(
        &mut self,
        question: &str,
        check: &dyn Fn(&str) -> Result<(), String>,
    ) -> Option<String> {
        loop {
            eprint!("{question}: ");
            let mut answer = String::new();
            let read = std::io::stdin().read_line(&mut answer);
            let answer = answer.trim();
            if read.is_err() || answer.is_empty() {
                return None;
            }
            match check(answer) {
                Ok(()) => return Some(answer.to_owned()),
                Err(why) => eprintln!("{why}"),
            }
        }
    }

    /// True if results are for programs.
    pub(super) fn wants_json(&self) -> bool {
        self.format == Format::Json
    }

    /// A line of the result.
    pub(super) fn line(&mut self, text: impl AsRef<str>) {
        self.write(format!("{}\n", text.as_ref()).as_bytes());
    }

    /// Bytes of the result.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        // A reader that has gone away, as in `cotter plan x | head`, is no failure of ours.
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// Where a result goes that is too large for [`Ui::write`], and must not be lost unnoticed.
    pub(super) fn sink(&mut self) -> std::io::StdoutLock<'static> {
        std::io::stdout().lock()
    }

    /// The result as JSON.
    pub(super) fn json(&mut self, value: &impl serde::Serialize) {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        self.line(text);
    }

    /// Something a person may want to know while waiting.
    pub(super) fn note(&mut self, text: impl AsRef<str>) {
        if self.quiet {
            return;
        }
        match &self.spinner {
            Some(spinner) => spinner.suspend(|| eprintln!("{}", text.as_ref())),
            None => eprintln!("{}", text.as_ref()),
        }
    }

    /// Something long begins: a spinner on a terminal, a line elsewhere.
    pub(super) fn begin(&mut self, text: impl AsRef<str>) {
        self.end();
        if self.quiet {
            return;
        }
        if !std::io::stderr().is_terminal() {
            eprintln!("{}", text.as_ref());
            return;
        }
        let spinner = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg}") {
            spinner.set_style(style);
        }
        spinner.set_prefix(text.as_ref().to_owned());
        spinner.enable_steady_tick(Duration::from_millis(120));
        self.spinner = Some(spinner);
    }

    /// The last thing that happened, beside the spinner.
    pub(super) fn happening(&mut self, text: impl AsRef<str>) {
        if let Some(spinner) = &self.spinner {
            spinner.set_message(text.as_ref().to_owned());
        }
    }

    /// A file begins to come: a bar on a terminal, a line elsewhere.
    pub(super) fn measure(&mut self, file: &str, have_bytes: u64, total_bytes: Option<u64>) {
        self.end();
        if self.quiet {
            return;
        }
        let mebibytes = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
        if !std::io::stderr().is_terminal() {
            let total = total_bytes.map(|bytes| format!(", {}", mebibytes(bytes))).unwrap_or_default();
            let from =
                if have_bytes > 0 { format!(", from {}", mebibytes(have_bytes)) } else { String::new() };
            eprintln!("{file}{total}{from}");
            return;
        }
        let (bar, template) = match total_bytes {
            Some(total) => {
                let template = "{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
                (ProgressBar::new(total), template)
            }
            None => (ProgressBar::no_length(), "{spinner} {prefix} {bytes} {bytes_per_sec}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(file.to_owned());
        bar.set_position(have_bytes);
        // What was here before did not come now.
        bar.reset_eta();
        self.spinner = Some(bar);
    }

    /// How much of the file is here.
    pub(super) fn measured(&mut self, have_bytes: u64) {
        if let Some(bar) = &self.spinner {
            bar.set_position(have_bytes);
        }
    }

    /// It is over.
    pub(super) fn end(&mut self) {
        if let Some(spinner) = self.spinner.take() {
            spinner.finish_and_clear();
        }
    }

    /// Findings, each with its line of the file it is about.
    pub(super) fn findings(&mut self, findings: &[Diagnostic], sources: &Sources) {
        self.end();
        for finding in findings {
            let source = sources.get(&finding.origin.file).map(String::as_str);
            eprintln!("{}\n", finding.render(source));
        }
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        if errors + warnings > 0 {
            eprintln!("{}, {}", counted(errors, "error"), counted(warnings, "warning"));
        }
    }

    /// Something that was done and may not be what was meant.
    pub(super) fn warning(&mut self, message: &str, help: &str) {
        self.end();
        eprintln!("warning: {message}\n  help: {help}");
    }

    /// What could not be done.
    pub(super) fn failure(&mut self, failure: &Failure) {
        self.end();
        eprintln!("error: {failure}\n  help: {}", failure.hint);
    }

    /// Colours `text` on a terminal.
    pub(super) fn toned(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Doubtful => 33,
            Tone::Faint => 2,
        };
        if self.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// What comes from elsewhere may say anything: no control characters of it reach the terminal.
pub(super) fn shown(text: &str) -> String {
    let plain = |c: char| if is_printable(c) { String::from(c) } else { c.escape_default().collect() };
    text.chars().map(plain).collect()
}

/// `1 error`, `2 errors`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
