//! Names of ports by their permanent addresses.

use super::Made;
use super::Pool;
use super::Problem;
use super::file;
use super::finish;
use super::words;
use crate::document::Sourced;
use crate::network;
use crate::value::FileMode;
use crate::value::InterfaceName;
use crate::value::MacAddress;

/// A MachineConfig with a `.link` file for each port, as a name and an address.
///
/// # Errors
///
/// Everything that is wrong with names and addresses.
pub fn link_pins(ports: &[(Sourced<String>, String)], pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let mut problems = Vec::new();
    if ports.is_empty() {
        problems.push(Problem::new("no port is named", "name one, as in `mgmt0=e4:43:4b:0a:00:01`"));
    }
    let mut document = pool.document();
    let (mut names, mut addresses) = (Vec::new(), Vec::new());
    for (name, mac) in ports {
        let read = match (name.parse::<InterfaceName>(), mac.parse::<MacAddress>()) {
            (Ok(read), Ok(mac)) => Some((read, mac)),
            (name_read, mac_read) => {
                let errors = [name_read.err().map(Into::into), mac_read.err().map(Into::into)];
                let errors = errors.into_iter().flatten();
                problems
                    .extend(errors.map(|(what, next): (String, String)| words::problem(name, what, next)));
                None
            }
        };
        let Some((read, mac)) = read else { continue };
        if let Some(prefix) = read.assigned_namespace() {
            let what = format!("`{read}` begins as names that the kernel or udev gives (`{prefix}`)");
            problems.push(words::problem(name, what, "use a name of your own, as in `mgmt0`"));
        }
        if names.contains(&read) || addresses.contains(&mac) {
            let what = format!("`{read}` or `{mac}` is there twice");
            problems.push(words::problem(name, what, "give each port one name"));
        }
        let (path, text) = network::link_file(mac, &read);
        document.add("storage", "files", file(&path, FileMode::PUBLIC, text.as_bytes()));
        names.push(read);
        addresses.push(mac);
    }
    let made = Made::of(&pool.config("link-pins", &document))
        .note("every node of the pool gets these files; on those without such a port nothing comes of them");
    finish(made, problems, pool)
}
