//! Password hashes that the installed system's crypt(3) accepts.

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use sha_crypt::CustomizedPasswordHasher as _;
use sha_crypt::Params;
use sha_crypt::ShaCrypt;
use sha2::Sha256;

use crate::value::Secret;

/// 12 bytes become 16 characters, which is all that crypt(3) uses of a salt. A longer salt would make
/// a hash that no login matches.
const SALT_BYTES: usize = 12;

/// How often the hash is iterated: eight times crypt(3)'s default, and still within the 20 ms that checking
/// a machine file may take.
const ROUNDS: u32 = 40_000;

/// Hashes `password` with sha512crypt (`$6$`).
///
/// The salt is derived from the machine, the user and `seed`, so the same machine file gives the same
/// bytes; never from the password, which would publish a fast test of it. Without a seed, whoever knows
/// the machine file can prepare a list of guesses before seeing the hash; the seed keeps that out.
pub fn hash_password(password: &Secret, machine: &str, user: &str, seed: Option<&Secret>) -> Option<String> {
    let key = seed.map_or(&b"cotter.dev/salt/1"[..], |seed| seed.reveal().as_bytes());
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(machine.as_bytes());
    mac.update(&[0]);
    mac.update(user.as_bytes());
    let salt = mac.finalize().into_bytes();
    let params = Params::new(ROUNDS).ok()?;
    let hash = ShaCrypt::SHA512
        .hash_password_customized(password.reveal().as_bytes(), salt.get(..SALT_BYTES)?, None, None, params)
        .ok()?;
    Some(hash.as_str().to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::hash_password;
    use crate::value::PasswordHash;
    use crate::value::Secret;

    fn hash(password: &str, machine: &str, user: &str, seed: Option<&str>) -> String {
        let seed = seed.map(|seed| Secret::new(seed.into()));
        hash_password(&Secret::new(password.into()), machine, user, seed.as_ref()).unwrap()
    }

    #[test]
    fn salts_by_machine_user_and_seed_but_not_by_password() {
        let salt = |hash: &str| hash.split('$').nth(3).unwrap().to_owned();
        let base = hash("hunter2", "r640", "core", None);
        assert_eq!(base, hash("hunter2", "r640", "core", None));
        assert_eq!(salt(&base), salt(&hash("other", "r640", "core", None)));
        assert_eq!(salt(&base).len(), 16);
        for other in [
            hash("hunter2", "r641", "core", None),
            hash("hunter2", "r640", "ops", None),
            hash("hunter2", "r640", "core", Some("x")),
        ] {
            assert_ne!(salt(&base), salt(&other));
        }
        assert!(base.parse::<PasswordHash>().is_ok());
    }

    /// The system's crypt(3), through perl, is the judge: a hash it does not make again locks people out.
    #[test]
    fn agrees_with_the_systems_crypt() {
        for password in ["hunter2", "", "pass phrase with spaces", "ünïcode", &"x".repeat(100)] {
            let ours = hash(password, "r640", "core", None);
            let made = std::process::Command::new("perl")
                .args(["-e", "print crypt($ARGV[0], $ARGV[1])", password, &ours])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(made.stdout).unwrap(), ours, "{password:?}");
        }
    }
}
