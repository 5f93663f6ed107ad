//! How the allocator of glibc is asked to give freed memory back. It keeps what each thread freed, and of buffers as large
//! as a page ever more: a server that has read a thousand pages would hold twice what it needs. It is told by its
//! environment before the process starts, so a command that may read pages starts itself once more, in its own place;
//! the children that read inherit it.

/// Few heaps shared by the threads; buffers of a megabyte and more, and the free end of a heap, go back at once.
const SETTINGS: [(&str, &str); 3] = [
    ("MALLOC_ARENA_MAX", "2"),
    ("MALLOC_MMAP_THRESHOLD_", "1000000"),
    ("MALLOC_TRIM_THRESHOLD_", "1000000"),
];

/// Goes on as it is where the allocator was told before, by us or by whoever started us, and where starting again is refused:
/// only memory is at stake.
pub fn given_back() {
    if SETTINGS.iter().any(|(name, _)| is_set(name)) {
        return;
    }
    start_again();
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn start_again() {
    use std::os::unix::process::CommandExt;

    let mut arguments = std::env::args_os();
    let called = arguments.next();
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut command = std::process::Command::new(program);
    command.args(arguments).envs(SETTINGS);
    if let Some(called) = called {
        command.arg0(called);
    }
    // Returns only if it was refused.
    let _refused = command.exec();
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn start_again() {}
