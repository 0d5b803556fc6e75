//! Values that can only be right: each is parsed once, and is right for ever.
//!
//! To add a value:
//! 1. write `src/value/<name>.rs` with one type, its `FromStr` and the rule it keeps, with its source;
//! 2. let the error say the user's words in backticks and, as help, a right one ([`ValueError`]);
//! 3. if it is a text, let `shown_as_its_text!` give it `as_str` and `Display`;
//! 4. add it to the list below.

/// Gives a value that is a text its `as_str` and its `Display`.
macro_rules! shown_as_its_text {
    ($name:ident) => {
        impl $name {
            /// The value as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

mod device_path;
mod digest;
mod error;
mod file_mode;
mod file_path;
mod guid;
mod harvester_version;
mod host_name;
mod http_date;
mod interface_name;
mod kernel_argument;
mod kernel_version;
mod mac_address;
mod password_hash;
mod printable;
mod reach_target;
mod secret;
mod source_url;
mod ssh_destination;
mod ssh_key;
mod timestamp;
mod unit_name;
mod user_name;
mod verification_hash;

pub use device_path::DevicePath;
pub use digest::Digest;
pub use error::ValueError;
pub use file_mode::FileMode;
pub use file_path::FilePath;
pub use guid::Guid;
pub use harvester_version::HarvesterVersion;
pub use host_name::HostName;
pub use http_date::http_date;
pub use interface_name::InterfaceName;
pub use kernel_argument::KernelArgument;
pub use kernel_version::KernelVersion;
pub use mac_address::MacAddress;
pub use password_hash::PasswordHash;
pub use printable::is_printable;
pub use printable::printable;
pub use reach_target::ReachTarget;
pub use secret::Secret;
pub use secret::secret_in;
pub use source_url::SourceUrl;
pub use ssh_destination::SshDestination;
pub use ssh_key::SshKey;
pub use timestamp::parse_timestamp;
pub use timestamp::timestamp;
pub use unit_name::UnitName;
pub use user_name::UserName;
pub use verification_hash::VerificationHash;
