//! Scripts: which program runs them, and whether they would start at all.

/// Names of shells whose language bash can judge, and the POSIX ones among them.
const SHELLS: [(&str, Dialect); 4] =
    [("bash", Dialect::Bash), ("sh", Dialect::Posix), ("dash", Dialect::Posix), ("ash", Dialect::Posix)];

/// What a shell script is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// bash's.
    Bash,
    /// The one that every `sh` has.
    Posix,
}

/// What the first line of a program says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The program, as in `bash` or `python3`.
    pub name: String,
    /// What it is written in, if it is a shell script.
    pub dialect: Option<Dialect>,
}

impl Interpreter {
    /// Reads the first line; nothing if it does not begin with `#!`, or names no program by its path.
    pub fn of(text: &str) -> Option<Self> {
        let line = text.lines().next()?.strip_prefix("#!")?.trim();
        let mut words = line.split_ascii_whitespace();
        let path = words.next().filter(|path| path.starts_with('/'))?;
        let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let name = match last(path).as_str() {
            // `env` runs what comes after its options and assignments.
            "env" => last(words.find(|word| !word.starts_with('-') && !word.contains('='))?),
            _ => last(path),
        };
        let dialect = SHELLS.iter().find(|(shell, _)| *shell == name).map(|(_, dialect)| *dialect);
        (!name.is_empty()).then_some(Self { name, dialect })
    }
}

/// How the lines of a text end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnds {
    /// As on Unix.
    Lf,
    /// The first as on Windows, which cloud-init mends everywhere.
    CrLf,
    /// As on Windows somewhere, and not in the first line: the line, from 1.
    Mixed(usize),
}

impl LineEnds {
    /// Looks at a text.
    pub fn of(text: &str) -> Self {
        let windows = text.split('\n').position(|line| line.ends_with('\r'));
        match windows {
            None => Self::Lf,
            Some(0) => Self::CrLf,
            Some(index) => Self::Mixed(index + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Dialect;
    use super::Interpreter;
    use super::LineEnds;

    #[test]
    fn the_first_line_names_the_program() {
        for (text, expected) in [
            ("#!/bin/bash\n", Some(("bash", Some(Dialect::Bash)))),
            ("#! /bin/sh -e\n", Some(("sh", Some(Dialect::Posix)))),
            ("#!/usr/bin/env bash", Some(("bash", Some(Dialect::Bash)))),
            ("#!/usr/bin/env -S A=b bash -e", Some(("bash", Some(Dialect::Bash)))),
            ("#!/usr/bin/python3\r\n", Some(("python3", None))),
            ("#!bash\n", None),
            ("#!/usr/bin/env\n", None),
            ("\n#!/bin/sh", None),
            ("#!", None),
            ("", None),
        ] {
            let found = Interpreter::of(text);
            let expected = expected.map(|(name, dialect)| Interpreter { name: name.to_owned(), dialect });
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn line_ends_are_told_apart() {
        for (text, expected) in [
            ("a\nb\n", LineEnds::Lf),
            ("a\r\nb\r\n", LineEnds::CrLf),
            ("a\nb\r\n", LineEnds::Mixed(2)),
            ("", LineEnds::Lf),
        ] {
            assert_eq!(LineEnds::of(text), expected, "{text:?}");
        }
    }
}
