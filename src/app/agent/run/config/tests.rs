//! What is right is taken, what is wrong is named with its place.

use super::*;
use crate::app::agent::args::{Cli, Command};
use clap::Parser as _;

fn args(flags: &[&str]) -> RunArgs {
    let line = ["tollgate-agent", "run"].iter().chain(flags);
    let Command::Run(args) = Cli::try_parse_from(line).unwrap().command else { panic!() };
    args
}

const EXAMPLE: &str = include_str!("../../../../../targets/generic/agent.toml");

fn config(text: &str) -> Result<Config, String> {
    Config::of(Path::new("agent.toml"), text, &args(&[])).map_err(|error| error.to_string())
}

/// One comment is a tcpdump expression, which wants a compiler.
#[cfg(feature = "libpcap")]
#[test]
fn the_shipped_example_is_right_and_says_what_holds_anyway() {
    let shipped = config(EXAMPLE).unwrap();
    let bare = config("[[interface]]\nname = \"eth1\"\n").unwrap();
    assert_eq!(shipped, bare, "the example changes nothing but the interface");
    // With every comment sign taken away it is right too.
    let all: String =
        EXAMPLE.lines().map(|line| line.strip_prefix("#> ").unwrap_or(line).to_owned() + "\n").collect();
    // Snort is for platforms that can run it.
    assert!(config(&all).unwrap_err().contains("[ids]: platform generic only counts"));
    let all = config(&all.replace("platform = \"generic\"", "platform = \"ic3000\"")).unwrap();
    assert!(
        all.file.ids.is_some()
            && all.file.metrics.is_some()
            && all.file.events.is_some()
            && all.file.center.is_some()
    );
    assert_eq!(all.interfaces.len(), 3);
}

#[test]
fn a_platform_as_a_flag_needs_no_file() {
    let missing = Path::new("/nonexistent/agent.toml");
    let config = Config::load(missing, &args(&["--platform", "ic3000"])).unwrap();
    let names: Vec<_> = config.interfaces.iter().map(|interface| interface.name.as_str()).collect();
    assert_eq!(names, ["eth1", "eth2", "eth3", "eth4"]);
    let error = Config::load(missing, &args(&[])).unwrap_err().to_string();
    assert!(error.contains("cannot read configuration"), "{error}");
    let line = ["tollgate-agent", "run", "--platform", "ic4000"];
    assert!(Cli::try_parse_from(line).unwrap_err().to_string().contains("there are: generic, ic3000"));
}

#[test]
fn the_settings_of_a_package_are_right_and_change_nothing() {
    let text = include_str!("../../../../../targets/package_config.ini");
    let flags = args(&["--platform", "ic3000"]);
    let of = |text| Config::of(Path::new("package_config.ini"), text, &flags).unwrap();
    assert_eq!(of(text), of(""));
}

#[test]
fn snort_is_where_the_platform_has_it_unless_the_file_says_otherwise() {
    let of = |rest: &str| {
        let text = format!("platform = \"cat9300\"\n[ids]\n{rest}");
        config(&text).unwrap().file.ids.unwrap()
    };
    assert_eq!(of("").rules, Path::new("/iox_data/appdata/rules"));
    let own = of("rules = \"/var/lib/tollgate/rules\"\nlog = \"/var/log/snort.log\"\n");
    assert_eq!(
        (own.rules.as_path(), own.program.as_path()),
        (Path::new("/var/lib/tollgate/rules"), Path::new("/usr/local/bin/snort"))
    );
    assert_eq!(own.log.as_deref(), Some(Path::new("/var/log/snort.log")));
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_those_that_are_known() {
    let error =
        config("platform = \"generic\"\n\n[[interface]]\nname = \"eth1\"\nbackedn = \"auto\"\n").unwrap_err();
    assert!(error.starts_with("agent.toml:5:1: unknown field `backedn`"), "{error}");
    assert!(error.contains("`backend`") && error.contains("`vlan_networks`"), "{error}");
}

#[test]
fn a_wrong_value_is_named_with_its_place() {
    for (text, place, words) in [
        ("platform = \"ic4000\"\n", "agent.toml:1:12: ", "there are: generic, ic3000"),
        ("sensor = \"a b\"\n", "agent.toml:1:10: ", "sensor name"),
        ("[metrics]\nlisten = \"0.0.0.0:9464\"\n", "agent.toml:2:10: ", "other machines"),
        ("[count]\ninternal = [\"10.0.0.0/40\"]\n", "agent.toml:2:", ""),
        ("[count]\ncapacity = 0\n", "agent.toml:2:12: ", "components"),
        ("[log]\nlevel = \"loud\"\n", "agent.toml:2:9: ", "`debug`"),
        ("[[interface]]\nname = \"e\"\nvlan_networks = { 5000 = \"a\" }\n", "agent.toml:3:", "VLAN id"),
        ("[[interface]]\nname = \"e\"\nworkers = 0\n", "agent.toml:3:11: ", "workers"),
        ("[events\n", "agent.toml:1:", ""),
    ] {
        let error = config(text).unwrap_err();
        assert!(error.starts_with(place) && error.contains(words), "{error}");
    }
}

#[test]
fn what_contradicts_itself_is_named() {
    for (text, words) in [
        ("", "no interface to capture on"),
        ("[[interface]]\n", "give a name, or files"),
        ("[[interface]]\nname = \"e\"\n[[interface]]\nname = \"e\"\n", "named twice"),
        ("[count]\ninternal = [\"10.0.0.0/8\"]\nexternal = [\"10.0.0.0/8\"]\n", "both internal and external"),
        ("[[interface]]\nname = \"e\"\n[events]\n", "give a file or a socket"),
        ("[[interface]]\nname = \"e\"\nfilter = \"@/nonexistent\"\n", "[[interface]] e: cannot read filter"),
    ] {
        let error = config(text).unwrap_err();
        assert!(error.starts_with("agent.toml: ") && error.contains(words), "{error}");
    }
}

#[test]
fn a_platform_brings_its_interfaces_and_flags_win() {
    let four = config("platform = \"ic3000\"\n").unwrap();
    assert_eq!(
        four.interfaces.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(),
        ["eth1", "eth2", "eth3", "eth4"]
    );
    let flags = args(&["--interface", "span0", "--state-dir", "/tmp/x", "--log-level", "debug"]);
    let config = Config::of(Path::new("agent.toml"), "platform = \"ic3000\"\n", &flags).unwrap();
    assert_eq!((config.interfaces.len(), config.interfaces[0].name.as_str()), (1, "span0"));
    assert_eq!(config.file.state_dir, Path::new("/tmp/x"));
    assert_eq!(config.file.log.level, values::LogLevel::Debug);
}

#[test]
fn interfaces_share_one_numbering_of_networks() {
    let text = "[[interface]]\nname = \"a\"\nnetwork = \"plant\"\nvlan_networks = { 20 = \"cell\" }\n\
                [[interface]]\nname = \"b\"\nnetwork = \"cell\"\n[[interface]]\nfiles = [\"x.pcap\"]\n";
    let config = config(text).unwrap();
    assert_eq!(config.networks, ["plant", "cell", "default"]);
    assert_eq!((config.interfaces[2].name.as_str(), config.interfaces[2].workers), ("files", 1));
}

#[test]
fn what_needs_a_restart_is_named() {
    let old = config("[[interface]]\nname = \"a\"\n").unwrap();
    let new = config(
        "[[interface]]\nname = \"a\"\nfilter = \"1\\n6 0 0 65535\"\n[count]\ninternal = [\"9.0.0.0/8\"]\n",
    )
    .unwrap();
    assert_eq!(old.needs_restart(&new), ["interface"]);
    assert!(old.needs_restart(&old).is_empty());
}

/// What a section knows, as its error about something else lists it.
fn keys(section: &str) -> Vec<String> {
    let error = config(&format!("{section}zzz = 1\n")).unwrap_err();
    let expected = error.split("expected").nth(1).unwrap_or_else(|| panic!("{error}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_key_is_in_the_example_and_on_its_page() {
    const AGENT: &str = include_str!("../../../../../docs/agent.md");
    const IDS: &str = include_str!("../../../../../docs/ids.md");
    let pages = [
        (
            AGENT,
            &[
                "",
                "[[interface]]\n",
                "[count]\n",
                "[center]\n",
                "[metrics]\n",
                "[events]\n",
                "[sandbox]\n",
                "[log]\n",
            ][..],
        ),
        (IDS, &["[ids]\n", "[ids.fetch]\n", "[ids.patience]\n", "[ids.memory]\n"]),
    ];
    for (page, sections) in pages {
        for section in sections {
            for key in keys(section) {
                let named = [format!("`{key}`"), format!("[{key}]"), format!(".{key}]")];
                assert!(named.iter().any(|name| page.contains(name)), "{section}{key} is not on its page");
                let named = [format!("{key} = "), format!("[{key}]"), format!(".{key}]")];
                assert!(
                    named.iter().any(|name| EXAMPLE.contains(name)),
                    "{section}{key} is not in the example"
                );
            }
        }
    }
}
