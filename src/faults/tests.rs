//! Which requests a fault applies to, and which faults there cannot be.

use super::*;

fn asked() -> Asked<'static> {
    Asked {
        operation: Some(Operation::GetDownload),
        path: "/alfresco/api/-default-/public/alfresco/versions/1/downloads/x",
        node: Some("x"),
        user: Some("Alice"),
        body: b"",
    }
}

#[track_caller]
fn check(fault: &Fault, expected: bool) {
    assert_eq!(fault.fits(&asked()), expected, "{fault:?}");
}

#[test]
fn a_request_must_fit_all_that_is_stated() {
    check(&Fault::on_all(), true);
    check(&Fault::on(Operation::GetDownload), true);
    check(&Fault::on(Operation::GetNode), false);
    check(&Fault::on(Operation::GetDownload).of_user("alice").of_node("x"), true);
    check(&Fault::on(Operation::GetDownload).of_user("bob").of_node("x"), false);
    check(&Fault::on_all().of_node("y"), false);
    let create = Asked { node: None, body: br#"{"nodeIds":["y"]}"#, ..asked() };
    assert!(Fault::on_all().of_node("y").fits(&create));
}

#[test]
fn a_star_stands_for_any_text() {
    for (pattern, expected) in [
        ("/alfresco/*", true),
        ("*/downloads/*", true),
        ("*/downloads/x", true),
        ("*", true),
        ("/alfresco", false),
        ("*/nodes/*", false),
        ("*/downloads", false),
        ("/alfresco/*/x", true),
    ] {
        check(&Fault::on_all().at(pattern), expected);
    }
}

#[test]
fn chance_is_the_same_in_every_run() {
    let hits = || {
        let faults = Faults::new(Ids::seeded(7));
        let fault = Fault::on_all().answer(503).with_probability(0.5);
        faults.rules.add(fault.clone(), fault.turns());
        (0..64).map(|_| faults.pick(&asked()).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(hits(), hits());
    let count = hits().into_iter().filter(|hit| *hit).count();
    assert!((16..48).contains(&count), "{count} of 64");
}

#[test]
fn a_spread_delay_stays_between_its_bounds() {
    let dice = Ids::seeded(1);
    let spread = Spread { from: Duration::from_millis(10).into(), to: Duration::from_millis(12).into() };
    let mut seen: Vec<_> = (0..100).map(|_| Delay::Spread(spread).draw(&dice).as_millis()).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, [10, 11, 12]);
}

#[test]
fn what_cannot_be_is_refused() {
    for fault in [
        Fault::on_all(),
        Fault::on_all().answer(99),
        Fault::on_all().error(200),
        Fault::on_all().answer(503).times(0),
        Fault::on_all().answer(503).nth(0),
        Fault::on_all().answer(503).with_probability(1.5),
        Fault::on_all().delay_between(Duration::from_secs(2), Duration::from_secs(1)),
        Fault::on_all().with(Effect::BytesPerSecond(0)),
        Fault::on_all().with(Effect::CutInZip(InZip { part: ZipPart::Data, entry: Some(0), offset: None })),
    ] {
        assert!(fault.check().is_err(), "{fault:?}");
    }
    assert_eq!(Fault::on_all().delay(Duration::from_secs(1)).check(), Ok(()));
}
