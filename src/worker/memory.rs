//! How much memory a process holds, as Linux tells it (`proc(5)`, `/proc/PID/status`). An address-space limit
//! would break ONNX Runtime, so residency is watched instead.

/// Resident memory of a process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resident {
    /// Now (`VmRSS`).
    pub now: u64,
    /// The most since it started (`VmHWM`).
    pub peak: u64,
}

/// Reads the resident memory of process `pid`; none when it has ended or the system does not say.
pub fn resident(pid: u32) -> Option<Resident> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    parse(&status)
}

fn parse(status: &str) -> Option<Resident> {
    let now = kibibytes(status, "VmRSS:")?;
    let peak = kibibytes(status, "VmHWM:").unwrap_or(now);
    Some(Resident { now, peak })
}

fn kibibytes(status: &str, label: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(label))?;
    let number: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residency_is_read_from_status_lines() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        let expected = Resident {
            now: 1024 * 1024,
            peak: 2048 * 1024,
        };
        assert_eq!(parse(status), Some(expected));
        assert_eq!(parse("Name:\tzombie\n"), None);
    }

    #[test]
    fn this_process_has_some() {
        let found = resident(std::process::id()).unwrap();
        assert!(found.now > 0 && found.peak >= found.now / 2);
    }
}
