//! The program. Only the worker subcommand is here until the command line is.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("worker") => counterfoil::worker::child::main(arguments),
        _ => ExitCode::from(2),
    }
}
