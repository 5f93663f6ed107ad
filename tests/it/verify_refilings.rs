//! Paper that was moved from bundle to bundle, judged offline: what left one bundle came into the other, as it was and in the
//! same hands, or it is found.

use std::collections::BTreeSet;
use std::path::Path;

use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::case;
use crate::verify_hall::Hall;
use crate::verify_kit::judged;
use crate::verify_month::{clerk, honest, month};

/// The month, and a paper of the fourth case, which was put off, moved to the fifth; its two facts are changed.
fn told(folder: &Path, name: &str, change: impl Fn(Vec<Fact>) -> Vec<Fact>) -> Vec<&'static str> {
    let mut hall: Hall = month(&honest);
    let (from, to) = (hall.log.bundle(&case(4)), hall.log.bundle(&case(5)));
    let reason = Commitment(Digest::of("it lay in the wrong bundle"));
    let moved = [(1, None)];
    let facts = refile(&from, &to, &moved, &BTreeSet::new(), &clerk().id, reason);
    let facts = facts.unwrap();
    assert_eq!(facts.len(), 2);
    hall.record(change(facts));
    judged(&hall, folder, name)
}

fn bundle_events(mut facts: Vec<Fact>, change: impl Fn(&mut BundleEvent)) -> Vec<Fact> {
    for fact in &mut facts {
        if let Event::Bundle { event } = &mut fact.event {
            change(event);
        }
    }
    facts
}

/// Changes how the paper came in.
fn came(facts: Vec<Fact>, change: impl Fn(&mut Holder, &mut RefiledPaper)) -> Vec<Fact> {
    bundle_events(facts, |event| {
        if let BundleEvent::RefiledFrom { holder, papers, .. } = event {
            papers.iter_mut().for_each(|paper| change(holder, paper));
        }
    })
}

#[test]
fn an_honest_refiling_holds() {
    let folder = tempfile::tempdir().unwrap();
    let found = told(folder.path(), "honest", |facts| facts);
    assert_eq!(found, Vec::<&str>::new());
}

fn is_found(what: &str, change: impl Fn(Vec<Fact>) -> Vec<Fact>) {
    let folder = tempfile::tempdir().unwrap();
    let found = told(folder.path(), "forged", change);
    assert_eq!(found.first(), Some(&"refile-rules"), "{what}: {found:?}");
}

#[test]
fn what_came_in_is_what_went_out() {
    let other = StaffId::new("c-2").unwrap();
    is_found("another holder", |facts| {
        came(facts, |holder, _| holder.staff = Some(other.clone()))
    });
    is_found("more sheets", |facts| {
        came(facts, |_, moved| moved.paper.count += 1)
    });
    is_found("a copy for the original", |facts| {
        came(facts, |_, moved| moved.paper.form = PaperForm::Copy)
    });
    is_found("fewer pages", |facts| {
        came(facts, |_, moved| moved.paper.pages = Some(1))
    });
    is_found("no longer put off", |facts| {
        came(facts, |_, moved| moved.deferred = None)
    });
    is_found("the number of another paper", |facts| {
        came(facts, |_, moved| moved.paper.no = 1)
    });
}

#[test]
fn what_went_out_came_in_once_and_its_holder_moved_it() {
    let other = StaffId::new("c-2").unwrap();
    is_found("moved by whoever did not hold it", |facts| {
        bundle_events(facts, |event| {
            if let BundleEvent::RefiledTo { by, .. } = event {
                *by = other.clone();
            }
        })
    });
    is_found("it came from nowhere", |mut facts| facts.split_off(1));
    is_found("it never came", |facts| facts[..1].to_vec());
    is_found("two left and one came", |facts| {
        let second = bundle_events(facts[..1].to_vec(), |event| {
            if let BundleEvent::RefiledTo { papers, .. } = event {
                *papers = vec![2];
            }
        });
        [second, facts].concat()
    });
}
