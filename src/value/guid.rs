//! GUIDs of partitions and file systems.

use std::str::FromStr;

use super::ValueError;

/// A GUID: 32 hexadecimal digits in five groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guid(String);

impl FromStr for Guid {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let groups: Vec<&str> = text.split('-').collect();
        let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        let hex = groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()));
        if hex && lengths == [8, 4, 4, 4, 12] {
            return Ok(Self(text.to_owned()));
        }
        Err(ValueError::new(
            format!("`{text}` is not a GUID"),
            "write it as in `0fc63daf-8483-4772-8e79-3d69d8477de4`",
        ))
    }
}

shown_as_its_text!(Guid);

#[cfg(test)]
mod tests {
    use super::Guid;

    #[test]
    fn has_five_groups() {
        assert!("0FC63DAF-8483-4772-8E79-3D69D8477DE4".parse::<Guid>().is_ok());
        for wrong in
            ["", "linux", "0fc63daf84834772 8e793d69d8477de4", "0fc63daf-8483-4772-8e79-3d69d8477deg"]
        {
            assert!(wrong.parse::<Guid>().is_err(), "{wrong:?} was accepted");
        }
    }
}
