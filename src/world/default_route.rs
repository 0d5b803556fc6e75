//! Which port this machine's traffic leaves by.

use std::path::Path;

use super::inputs::read_at_most;

const ROUTES: &str = "/proc/net/route";
/// A router with every route of the Internet has more; it is not asked about ports.
const MAX_ROUTES_BYTES: u64 = 1 << 20;

/// The interface with this machine's default route by IPv4, if it has one.
pub fn default_route() -> Option<String> {
    let bytes = read_at_most(Path::new(ROUTES), MAX_ROUTES_BYTES).ok()?;
    of_table(std::str::from_utf8(&bytes).ok()?)
}

/// Columns are interface, destination, gateway, flags, two counters, metric, mask and more (proc_net(5)).
fn of_table(table: &str) -> Option<String> {
    let routes = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let default = routes.filter_map(|columns| match columns[..] {
        [interface, "00000000", _, _, _, _, metric, "00000000", ..] => {
            Some((metric.parse::<u64>().ok()?, interface.to_owned()))
        }
        _ => None,
    });
    default.min_by_key(|(metric, _)| *metric).map(|(_, interface)| interface)
}

#[cfg(test)]
mod tests {
    use super::of_table;

    #[test]
    fn the_default_route_with_the_least_metric_counts() {
        let head = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n";
        let routes = "eno1 0032A8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0\neno2 00000000 0132A8C0 0003 0 0 200 00000000 0 0 0\n\
                      eno1 00000000 0132A8C0 0003 0 0 100 00000000 0 0 0\neno3 00000000 00000000 0001 0 0 0 00000080 0 0 0\n";
        assert_eq!(of_table(&format!("{head}{routes}")).as_deref(), Some("eno1"));
        assert_eq!(of_table(head), None);
        assert_eq!(of_table("no table"), None);
    }
}
