//! Kernel arguments as the operator hands them to rpm-ostree.

/// The arguments of `rpm-ostree kargs`: everything old is taken away if it is there, everything new is added.
pub(super) fn rpm_ostree_arguments(old: &[String], new: &[String]) -> Vec<String> {
    let old = words_of(old).into_iter().map(|word| format!("--delete-if-present={word}"));
    let new = words_of(new).into_iter().map(|word| format!("--append={word}"));
    old.chain(new).collect()
}

/// The words of all arguments; spaces within double quotes are no ends of words, as for the kernel.
pub(super) fn words_of(arguments: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    for argument in arguments {
        let (mut word, mut is_quoted) = (String::new(), false);
        for c in argument.chars() {
            is_quoted ^= c == '"';
            // The white space of the C locale.
            if !is_quoted && matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}') {
                words.push(std::mem::take(&mut word));
            } else {
                word.push(c);
            }
        }
        words.push(word);
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::rpm_ostree_arguments;
    use super::words_of;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn one_member_may_hold_several_words() {
        for (arguments, expected) in [
            (&["a", "b c"][..], &["a", "b", "c"][..]),
            (&[" a\t b\n", ""], &["a", "b"]),
            (&["dyndbg=\"file a +p ; file b +p\" x"], &["dyndbg=\"file a +p ; file b +p\"", "x"]),
            (&["a=\"never closed b"], &["a=\"never closed b"]),
        ] {
            assert_eq!(words_of(&texts(arguments)), expected);
        }
    }

    #[test]
    fn all_old_words_go_and_all_new_ones_come() {
        assert_eq!(
            rpm_ostree_arguments(&texts(&["a", "b c"]), &texts(&["b", "a"])),
            [
                "--delete-if-present=a",
                "--delete-if-present=b",
                "--delete-if-present=c",
                "--append=b",
                "--append=a"
            ]
        );
        assert!(rpm_ostree_arguments(&[], &[]).is_empty());
    }
}
