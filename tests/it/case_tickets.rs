//! Tickets as the tests open and settle them.

use counterfoil::domain::case::Party;
use counterfoil::domain::ticket::*;

use crate::case_kit::*;
use crate::case_world::*;

pub fn ticket_of(matter: Matter, party: Party) -> OpenTicket {
    OpenTicket {
        id: code("t1"),
        matter,
        party,
        case: Some(code("c1")),
        site: code("centre"),
        owner: code("clerk-1"),
        note: Some(secret("what was said")),
        days: FOLLOW_UP_DAYS,
    }
}

pub fn market() -> Party {
    Party::Department {
        department: code("market"),
    }
}

pub async fn open_on(world: &World, ticket: OpenTicket) -> Result<u64, TicketRefusal> {
    let id = ticket.id.to_string();
    let decide =
        |known: Option<&TicketState>, now| open_ticket(known, ticket.clone(), &world.calendar, now);
    world.on_ticket(&id, decide).await
}

pub async fn step(world: &World, command: Proceed, by: &str) -> Result<u64, TicketRefusal> {
    let decide =
        |ticket: Option<&TicketState>, _| proceed(ticket.unwrap(), command.clone(), code(by));
    world.on_ticket("t1", decide).await
}
