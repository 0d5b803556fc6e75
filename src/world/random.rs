//! Bytes that nobody can guess.

use rustix::rand::GetRandomFlags;
use rustix::rand::getrandom;

use super::Failure;

/// 32 hexadecimal digits, other ones each time.
pub fn random_digits() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom(&mut bytes, GetRandomFlags::empty()).map_err(|cause| {
        Failure::surroundings(format!("failed to get random bytes: {cause}"), "look at the kernel's messages")
    })?;
    Ok(hex::encode(bytes))
}
