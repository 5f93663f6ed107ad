//! The written form of facts about where paper is: in containers, and with carriers.

use counterfoil::domain::case::WitnessedSignature;
use counterfoil::domain::custody::*;
use counterfoil::domain::*;

use crate::custody_kit::*;

fn box_1() -> ContainerId {
    ContainerId::new("B-1").unwrap()
}

fn seal_no() -> SealNo {
    SealNo::new("F-100").unwrap()
}

pub fn bundle_events() -> Vec<BundleEvent> {
    let (clerk, slip) = (StaffId::new("c-1").unwrap(), SlipId::new("S-1").unwrap());
    vec![
        BundleEvent::Shelved {
            container: box_1(),
            papers: vec![1, 3],
            by: clerk.clone(),
        },
        BundleEvent::Unshelved {
            container: box_1(),
            papers: vec![3],
            by: clerk,
        },
        BundleEvent::Sealed {
            container: box_1(),
            seal: seal_no(),
            papers: vec![1],
        },
        BundleEvent::Unsealed {
            container: box_1(),
            papers: vec![1],
        },
        BundleEvent::Dispatched {
            slip: slip.clone(),
            papers: vec![1],
        },
        BundleEvent::CarriageEnded {
            slip,
            papers: vec![1],
        },
    ]
}

pub fn slip_events() -> Vec<SlipEvent> {
    let people = people();
    let (clerk, officer) = (&people[0], &people[4]);
    let signature = WitnessedSignature {
        digest: Digest::of("pad"),
        witness: clerk.id.clone(),
    };
    vec![
        SlipEvent::Dispatched {
            carrier: CarrierKind::Courier,
            name: Commitment(Digest::of("name")),
            proof: IdentityProof::IdentityCard,
            signature: signature.clone(),
        },
        SlipEvent::BroughtBack { signature },
        SlipEvent::Received {
            outcome: Digest::of("outcome"),
            to: officer.holder(),
            taken: 2,
            kept: 0,
            extras: 0,
            receipt: Receipt::Signed {
                by: officer.sign(&Digest::of("outcome")),
            },
            check_by: Some("2026-03-09".parse().unwrap()),
        },
        SlipEvent::CheckOverdue {
            on: "2026-03-10".parse().unwrap(),
        },
        SlipEvent::LinesChecked {
            outcome: Digest::of("check"),
            wrong: 1,
            extras: 0,
            receipt: Receipt::Signed {
                by: officer.sign(&Digest::of("check")),
            },
        },
    ]
}

pub fn container_events() -> Vec<ContainerEvent> {
    let (clerk, site) = (
        StaffId::new("c-1").unwrap(),
        SiteCode::new("CENTRE").unwrap(),
    );
    vec![
        ContainerEvent::Made {
            kind: ContainerKind::Box,
            site: site.clone(),
            by: clerk.clone(),
        },
        ContainerEvent::Moved {
            into: Some(ContainerId::new("SH-1").unwrap()),
            site,
            by: clerk.clone(),
        },
        ContainerEvent::Filled {
            case: case(1),
            papers: vec![1, 3],
            by: clerk.clone(),
        },
        ContainerEvent::Sealed {
            seal: seal_no(),
            bundles: 1,
            papers: 1,
            by: clerk.clone(),
        },
        ContainerEvent::Opened {
            seal: seal_no(),
            whole: false,
            slip: Some(SlipId::new("S-1").unwrap()),
            by: Some(clerk),
        },
        ContainerEvent::HandedOver {
            slip: SlipId::new("S-1").unwrap(),
            to: department("market"),
        },
    ]
}
