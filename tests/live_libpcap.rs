//! libpcap on a real interface: the same tests as of the own ring.

#![cfg(all(feature = "agent", feature = "libpcap"))]

#[path = "support/live.rs"]
mod live;
#[path = "support/netns.rs"]
mod netns;

use tollgate::io::capture::live::Backend;

#[test]
fn every_frame_arrives_as_it_was_sent() {
    live::every_frame_arrives_as_it_was_sent(Backend::Libpcap);
}

#[test]
fn frames_are_cut_at_the_snapshot_length() {
    live::frames_are_cut_at_the_snapshot_length(Backend::Libpcap);
}

#[test]
fn a_full_ring_drops_and_counts() {
    live::a_full_ring_drops_and_counts(Backend::Libpcap);
}

#[test]
fn filtered_frames_are_counted() {
    live::filtered_frames_are_counted(Backend::Libpcap);
}

#[test]
fn a_full_ring_with_a_filter_still_balances() {
    live::a_full_ring_with_a_filter_still_balances(Backend::Libpcap);
}

#[test]
fn what_the_host_sends_is_left_out() {
    live::what_the_host_sends_is_left_out(Backend::Libpcap);
}

#[test]
fn what_came_before_is_left_out() {
    live::what_came_before_is_left_out(Backend::Libpcap);
}

#[test]
fn a_silent_line_gives_nothing_and_returns() {
    live::a_silent_line_gives_nothing_and_returns(Backend::Libpcap);
}

#[test]
fn a_flood_cannot_hold_the_reader() {
    live::a_flood_cannot_hold_the_reader(Backend::Libpcap);
}

#[test]
fn capture_goes_on_after_the_interface_was_down() {
    live::capture_goes_on_after_the_interface_was_down(Backend::Libpcap);
}

#[test]
fn a_removed_interface_is_told_and_counted() {
    live::a_removed_interface_is_told_and_counted(Backend::Libpcap);
}

#[test]
fn errors_at_the_start_say_what_to_do() {
    live::errors_at_the_start_say_what_to_do(Backend::Libpcap);
}

#[test]
fn an_interface_without_ethernet_frames_has_its_own_link_type() {
    if let Some(opened) = live::open_tunnel(Backend::Libpcap) {
        assert_eq!(opened.unwrap().link(), tollgate::model::frame::LinkType::Raw);
    }
}
