//! Classes at each edge of the rules, and flattened prefixes against the longest one found by hand.

use super::*;
use proptest::prelude::*;
use std::net::Ipv4Addr;

fn prefixes(texts: &[&str]) -> Vec<Prefix> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn policy(internal: &[&str], external: &[&str]) -> Policy {
    Policy::new(&prefixes(internal), &prefixes(external)).unwrap()
}

fn class(policy: &Policy, address: &str) -> Class {
    policy.classify(address.parse().unwrap())
}

#[test]
fn defaults_at_both_ends_of_each_range() {
    let policy = Policy::default();
    for (first, last, expected) in [
        ("0.0.0.0", "0.255.255.255", Class::Excluded),
        ("1.0.0.0", "9.255.255.255", Class::External),
        ("10.0.0.0", "10.255.255.255", Class::Internal),
        ("126.255.255.255", "126.255.255.255", Class::External),
        ("127.0.0.0", "127.255.255.255", Class::Excluded),
        ("169.253.255.255", "169.253.255.255", Class::External),
        ("169.254.0.0", "169.254.255.255", Class::LinkLocal),
        ("172.15.255.255", "172.15.255.255", Class::External),
        ("172.16.0.0", "172.31.255.255", Class::Internal),
        ("172.32.0.0", "192.167.255.255", Class::External),
        ("192.168.0.0", "192.168.255.255", Class::Internal),
        ("192.169.0.0", "223.255.255.255", Class::External),
        ("224.0.0.0", "239.255.255.255", Class::Excluded),
        ("240.0.0.0", "255.255.255.254", Class::External),
        ("255.255.255.255", "255.255.255.255", Class::Excluded),
        ("::", "::1", Class::Excluded),
        ("::2", "::2", Class::External),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1", Class::External),
        ("fbff::", "fbff::", Class::External),
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Class::Internal),
        ("fe7f::", "fe7f::", Class::External),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Class::LinkLocal),
        ("fec0::", "feff::", Class::External),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Class::Excluded),
    ] {
        assert_eq!(class(&policy, first), expected, "{first}");
        assert_eq!(class(&policy, last), expected, "{last}");
    }
}

#[test]
fn the_longest_declared_prefix_wins() {
    let policy =
        policy(&["198.51.100.0/24", "10.1.2.0/24"], &["10.1.0.0/16", "198.51.100.128/25", "10.1.2.3"]);
    assert_eq!(class(&policy, "198.51.100.1"), Class::Internal);
    assert_eq!(class(&policy, "198.51.100.200"), Class::External);
    assert_eq!(class(&policy, "10.0.0.1"), Class::Internal);
    assert_eq!(class(&policy, "10.1.0.1"), Class::External);
    assert_eq!(class(&policy, "10.1.2.2"), Class::Internal);
    assert_eq!(class(&policy, "10.1.2.3"), Class::External);
}

#[test]
fn a_wide_declaration_takes_in_no_address_that_names_no_host() {
    let policy = policy(&["0.0.0.0/0", "::/0"], &[]);
    for (address, expected) in [
        ("8.8.8.8", Class::Internal),
        ("10.0.0.1", Class::Internal),
        ("2001:db8::1", Class::Internal),
        ("0.0.0.0", Class::Excluded),
        ("127.0.0.1", Class::Excluded),
        ("239.1.1.1", Class::Excluded),
        ("::", Class::Excluded),
        ("ff02::1", Class::Excluded),
        ("169.254.1.1", Class::LinkLocal),
        ("fe80::1", Class::LinkLocal),
    ] {
        assert_eq!(class(&policy, address), expected, "{address}");
    }
    let external = Policy::new(&[], &prefixes(&["0.0.0.0/0"])).unwrap();
    assert_eq!(class(&external, "10.0.0.1"), Class::External);
}

#[test]
fn a_declaration_as_long_as_the_range_takes_it_in() {
    let policy = policy(&["169.254.0.0/16", "127.0.0.0/8"], &[]);
    assert_eq!(class(&policy, "169.254.1.1"), Class::Internal);
    assert_eq!(class(&policy, "127.0.0.1"), Class::Internal);
}

#[test]
fn what_is_no_prefix_is_explained() {
    let error = |text: &str| text.parse::<Prefix>().unwrap_err().to_string();
    assert!(error("plant").contains("not an IPv4 or IPv6 prefix"));
    assert!(error("10.0.0.0/33").contains("0 to 32"));
    assert!(error("10.0.0.1/8").contains("did you mean 10.0.0.0/8?"));
    let both = Policy::new(&prefixes(&["10.0.0.0/8"]), &prefixes(&["10.0.0.0/8"]));
    assert_eq!(both.unwrap_err().to_string(), "10.0.0.0/8 is declared both internal and external");
}

fn slow_class(declared: &[(Prefix, Class)], address: IpAddr) -> Class {
    let holds = |p: &Prefix| p.holds(address);
    let longest = |list: &[(Prefix, Class)]| {
        list.iter().copied().filter(|(p, _)| holds(p)).max_by_key(|(p, _)| p.length())
    };
    let defaults: Vec<_> = DEFAULTS.iter().map(|(text, class)| (text.parse().unwrap(), *class)).collect();
    match (longest(declared), longest(&defaults)) {
        (Some((_, class)), Some((_, Class::Internal)) | None) => class,
        (Some((declared, class)), Some((default, _))) if declared.length() >= default.length() => class,
        (_, Some((_, class))) => class,
        (None, None) => Class::External,
    }
}

proptest! {
    #[test]
    fn flattening_agrees_with_the_longest_prefix_by_hand(
        raw in proptest::collection::vec((any::<u32>(), 0_u8..=32, any::<bool>()), 0..12),
        probes in proptest::collection::vec(any::<u32>(), 20),
    ) {
        let mut all: Vec<(Prefix, bool)> = raw
            .iter()
            .map(|&(bits, length, inside)| {
                (Prefix::new(Ipv4Addr::from_bits(bits).into(), length), inside)
            })
            .collect();
        all.sort();
        all.dedup_by_key(|(prefix, _)| *prefix);
        let pick = |wanted| all.iter().filter(|(_, i)| *i == wanted).map(|(p, _)| *p).collect::<Vec<_>>();
        let policy = Policy::new(&pick(true), &pick(false)).unwrap();
        let edges = all.iter().filter_map(|(p, _)| match p.address() { IpAddr::V4(a) => Some(a.to_bits()), IpAddr::V6(_) => None });
        for bits in probes.into_iter().chain(edges.flat_map(|e| [e, e.wrapping_sub(1), e.wrapping_add(1)])) {
            let address = IpAddr::V4(Ipv4Addr::from_bits(bits));
            prop_assert_eq!(policy.classify(address), slow_class(policy.declared(), address), "{}", address);
        }
    }
}
