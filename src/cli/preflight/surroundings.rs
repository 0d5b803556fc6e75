//! What surrounds the machine: time servers, name servers, places that it must reach, and its own network.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use clap::ValueEnum;

use super::super::Ui;
use super::super::kubeconfig;
use super::node::Asked;
use crate::document::Origin;
use crate::document::Sourced;
use crate::preflight::Endpoint;
use crate::preflight::Observed;
use crate::preflight::Surroundings;
use crate::spec::Machine;
use crate::target;
use crate::target::Files;
use crate::value::HostName;
use crate::verify::Look;
use crate::world;
use crate::world::AskingAround;
use crate::world::Failure;
use crate::world::ScriptPlace;
use crate::world::Ssh;

/// What findings name that came from the command line.
const COMMAND_LINE: &str = "command line";

#[derive(Debug, Args)]
#[command(next_help_heading = "Surroundings")]
pub(super) struct SurroundingsArguments {
    /// A time server that must give the time, beside those of the machine file; may be given often
    #[arg(long, value_name = "HOST[:PORT]")]
    ntp: Vec<Endpoint>,
    /// The name server to ask, instead of those of the machine file, or else of this system; may be given often
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = address)]
    dns: Vec<Endpoint>,
    /// The cluster whose names must lead to the machine, as in `sno1.lab.example.com`, if the machine file does not tell
    #[arg(long, value_name = "NAME.DOMAIN", requires = "spec")]
    cluster: Option<HostName>,
    /// What is not looked at
    #[arg(long, value_name = "LOOK", value_delimiter = ',')]
    skip: Vec<Skipped>,
    /// How long one answer of a server may take, in seconds
    #[arg(long, value_name = "S", default_value = "3", value_parser = kubeconfig::timeout)]
    answer_timeout: Duration,
}

/// A look that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Skipped {
    /// Time servers and the clock here
    Time,
    /// Name servers, and what they say
    Names,
    /// Places of `verify.reach`
    Places,
    /// Addresses, gateways, MTU, networks that overlap
    Network,
}

fn address(text: &str) -> Result<Endpoint, String> {
    let endpoint: Endpoint = text.parse().map_err(|error| format!("{error}"))?;
    match endpoint.host.parse::<std::net::IpAddr>() {
        Ok(_) => Ok(endpoint),
        Err(_) => Err("a name server is known by its address: nobody could look its name up".to_owned()),
    }
}

impl SurroundingsArguments {
    /// Asks what surrounds a machine, or, without one, the servers that are named here.
    pub(super) fn looks(
        &self,
        of: Option<(&Machine, &Files)>,
        asked: Asked<'_>,
        authorities: Option<&Path>,
        ui: &mut Ui,
    ) -> Result<Vec<Look>, Failure> {
        let wanted = self.wanted(of, asked, ui)?;
        ui.begin("asking around");
        let seen = self.observed(&wanted, asked, authorities, ui);
        ui.end();
        let origin = of.map_or_else(|| Origin::of_file(COMMAND_LINE), |(machine, _)| machine.origin.clone());
        Ok(wanted.looks(&seen?, &origin))
    }

    fn observed(
        &self,
        wanted: &Surroundings,
        asked: Asked<'_>,
        authorities: Option<&Path>,
        ui: &Ui,
    ) -> Result<Observed, Failure> {
        let asking =
            AskingAround { timeout: self.answer_timeout, authorities: authorities.map(Path::to_owned) };
        // The clock of this machine is asked for as that of others is.
        let nothing = Surroundings::default();
        let (place, errand_of, ssh);
        match asked {
            Asked::Nowhere => return world::look_around(wanted, &asking),
            Asked::Here => (place, errand_of) = (ScriptPlace::Here, &nothing),
            Asked::Over(destination, config) => {
                ssh = Ssh { config: config.map(Path::to_owned), asks: ui.can_ask() };
                (place, errand_of) = (ScriptPlace::Over(&ssh, destination), wanted);
            }
        }
        if self.skip.contains(&Skipped::Time) && matches!(asked, Asked::Here) {
            return world::look_around(wanted, &asking);
        }
        let said = world::ask_on_machine(place, errand_of, &asking).map_err(world::Trouble::failure)?;
        Ok(match asked {
            Asked::Over(..) if self.skip.contains(&Skipped::Time) => {
                Observed { is_synchronized: None, ..said }
            }
            Asked::Over(..) => said,
            _ => Observed { is_synchronized: said.is_synchronized, ..world::look_around(wanted, &asking)? },
        })
    }

    fn wanted(
        &self,
        of: Option<(&Machine, &Files)>,
        asked: Asked<'_>,
        ui: &mut Ui,
    ) -> Result<Surroundings, Failure> {
        let label = world::random_digits()?;
        let label: String = label.chars().take(12).collect();
        let cluster = self.cluster.as_ref().map(|cluster| said("cluster", cluster.to_string()));
        let mut wanted = match of {
            Some((machine, files)) => {
                target::surroundings(machine, files, cluster.as_ref(), &format!("cotter-{label}"))
            }
            None => Surroundings::default(),
        };
        wanted.time_servers.extend(self.ntp.iter().map(|server| said("ntp", server.clone())));
        if !self.dns.is_empty() {
            wanted.name_servers = self.dns.iter().map(|server| said("dns", server.clone())).collect();
        } else if wanted.name_servers.is_empty() && !wanted.names.is_empty() {
            match asked {
                Asked::Over(..) => ui.note("no name server is asked: name those of the machine with `--dns`"),
                _ => wanted.name_servers = world::own_name_servers(),
            }
        }
        for skipped in &self.skip {
            match skipped {
                Skipped::Time => wanted.time_servers.clear(),
                Skipped::Names => wanted.name_servers.clear(),
                Skipped::Places => wanted.places.clear(),
                Skipped::Network => {
                    wanted.addresses.clear();
                    wanted.gateways.clear();
                    wanted.networks.clear();
                }
            }
        }
        Ok(wanted)
    }
}

/// Something that an option says.
fn said<T>(option: &str, value: T) -> Sourced<T> {
    Sourced { value, origin: Origin { key: format!("--{option}"), ..Origin::of_file(COMMAND_LINE) } }
}
