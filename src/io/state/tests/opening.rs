//! What is found at opening: damage, loss, older copies. None of it is a first start.

use super::*;
use std::fs;

fn with_facts(folder: &Path, facts: u32) -> Position {
    let mut state = opened(folder, 1).state;
    let facts: Vec<Known> = (1..=facts).map(station).collect();
    let position = merge(&mut state, &facts).position;
    state.close(at(3 * HOUR)).unwrap();
    position
}

fn store(folder: &Path) -> PathBuf {
    folder.join("sightings.redb")
}

fn lost(opened: &Opened) -> (&str, bool) {
    match &opened.found {
        Found::Lost { reason, put_aside } => (reason, put_aside.as_ref().is_some_and(|path| path.exists())),
        other => panic!("{other:?}"),
    }
}

/// The set is empty, its epoch is new, and it works.
fn begins_anew(opened: &mut Opened, fresh: u128) {
    assert_eq!(opened.state.position(), Position::fresh(epoch(fresh)));
    assert_eq!(merge(&mut opened.state, &[station(7)]).position.facts, 1);
    assert!(opened.found.happening().unwrap().message.contains("lost"));
}

#[test]
fn a_store_that_is_gone_or_empty_is_lost_and_no_first_start() {
    let folder = tempfile::tempdir().unwrap();
    with_facts(folder.path(), 3);
    fs::remove_file(store(folder.path())).unwrap();
    let mut gone = opened(folder.path(), 2);
    assert_eq!(lost(&gone), ("its file is missing", false));
    begins_anew(&mut gone, 2);
    drop(gone);
    fs::write(store(folder.path()), "").unwrap();
    let mut empty = opened(folder.path(), 3);
    assert_eq!(lost(&empty), ("it is empty", true));
    assert_eq!(empty.state.clock_floor(), at(3 * HOUR), "the clock's floor outlives the store");
    begins_anew(&mut empty, 3);
}

#[test]
fn damage_anywhere_is_found_put_aside_and_counted_anew() {
    let folder = tempfile::tempdir().unwrap();
    with_facts(folder.path(), 200);
    let whole = fs::read(store(folder.path())).unwrap();
    let (mut lost_ones, steps) = (0, 97);
    for step in 0..steps {
        let mut bytes = whole.clone();
        let place = bytes.len() * step / steps + step;
        bytes[place] ^= 0x5a;
        fs::write(store(folder.path()), &bytes).unwrap();
        let mut opened = opened(folder.path(), 1000 + step as u128);
        match &opened.found {
            // The page is not in use, or redb has a second copy.
            Found::Whole => assert_eq!(opened.state.position().facts, 200),
            Found::Lost { .. } => {
                lost_ones += 1;
                begins_anew(&mut opened, 1000 + step as u128);
            }
            other => panic!("byte {place}: {other:?}"),
        }
        drop(opened);
        fs::remove_file(folder.path().join("genesis")).unwrap();
    }
    assert!(lost_ones > 5, "{lost_ones}");
    let aside = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(aside.filter(|name| name.to_string_lossy().contains("damaged")).count(), 3);
}

#[test]
fn files_that_are_something_else_or_cut_are_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    with_facts(folder.path(), 50);
    let whole = fs::read(store(folder.path())).unwrap();
    let cut = &whole[..whole.len() / 3];
    for (fresh, content) in
        [b"no database".as_slice(), &[0; 5000], &whole[..100], cut].into_iter().enumerate()
    {
        fs::write(store(folder.path()), content).unwrap();
        let mut opened = opened(folder.path(), 50 + fresh as u128);
        assert!(lost(&opened).1, "{:?}", opened.found);
        begins_anew(&mut opened, 50 + fresh as u128);
    }
}

#[test]
fn an_older_copy_keeps_its_sightings_in_a_new_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let old = with_facts(folder.path(), 3);
    let copy = fs::read(store(folder.path())).unwrap();
    let mut state = opened(folder.path(), 2).state;
    merge(&mut state, &[station(4)]);
    state.acked(4);
    state.close(at(4 * HOUR)).unwrap();
    fs::write(store(folder.path()), copy).unwrap();
    let Opened { state, found } = opened(folder.path(), 5);
    assert_eq!(found, Found::Older { reason: "it ends with change 3, there was 4".into() });
    assert_eq!(state.position(), Position { epoch: epoch(5), acked: 0, ..old });
    drop(state);
    assert_eq!(opened(folder.path(), 6).found, Found::Whole, "once is enough");
}

#[test]
fn a_copy_from_before_a_purge_is_older_too() {
    let folder = tempfile::tempdir().unwrap();
    with_facts(folder.path(), 3);
    let copy = fs::read(store(folder.path())).unwrap();
    let mut state = opened(folder.path(), 2).state;
    let purged = state.purge(epoch(3), Some("order-1"), at(4 * HOUR)).unwrap();
    assert_eq!((purged, state.done()), (Position::fresh(epoch(3)), ["order-1".to_owned()].as_slice()));
    drop(state);
    assert_eq!(opened(folder.path(), 4).state.position(), purged);
    fs::write(store(folder.path()), copy).unwrap();
    let Opened { state, found } = opened(folder.path(), 5);
    assert_eq!(found, Found::Older { reason: "it is of another epoch".into() });
    assert_eq!((state.position().epoch, state.position().facts), (epoch(5), 3));
}

#[test]
fn a_purge_that_the_floors_do_not_know_yet_is_no_older_copy() {
    let folder = tempfile::tempdir().unwrap();
    with_facts(folder.path(), 3);
    let floors = fs::read(folder.path().join("genesis")).unwrap();
    let mut state = opened(folder.path(), 2).state;
    state.purge(epoch(3), None, at(4 * HOUR)).unwrap();
    drop(state);
    // As if killed between the two files.
    fs::write(folder.path().join("genesis"), floors).unwrap();
    let Opened { state, found } = opened(folder.path(), 4);
    assert_eq!((found, state.position()), (Found::Whole, Position::fresh(epoch(3))));
}

#[test]
fn damaged_floors_are_told_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let before = with_facts(folder.path(), 3);
    let path = folder.path().join("genesis");
    let text = fs::read_to_string(&path).unwrap();
    for (fresh, damaged) in
        [text.replace("\"seq\":3", "\"seq\":2"), String::new(), "\u{0}\u{1}".into()].iter().enumerate()
    {
        fs::write(&path, damaged).unwrap();
        let Opened { state, found } = opened(folder.path(), 20 + fresh as u128);
        let Found::Older { reason } = found else { panic!("{found:?}") };
        assert!(reason.contains("floors is damaged"), "{reason}");
        assert_eq!((state.position().digest, state.position().acked), (before.digest, 0));
    }
}

#[test]
fn a_start_that_was_killed_before_the_store_had_its_name_is_a_first_start() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sightings.new"), "half").unwrap();
    assert_eq!(opened(folder.path(), 1).found, Found::Nothing);
}
