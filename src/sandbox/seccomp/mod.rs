//! The system call filter: rows of data, a table of numbers per architecture, and what assembles them.

mod assemble;
mod backwards;
mod file_rules;
mod hidden_memory;
mod ioctl;
mod load;
mod net_rules;
mod row;
mod rules;
mod shape;
#[cfg(test)]
mod simulate;
mod socket_options;
mod table;
#[cfg(any(test, target_arch = "aarch64"))]
mod table_aarch64;
#[cfg(any(test, target_arch = "x86_64"))]
mod table_x86_64;

pub(super) use assemble::Program;
pub(super) use load::{child_program, listener_program, load, load_with_listener};
pub(super) use shape::{Net, Shape};

#[cfg(test)]
fn shape_for_tests() -> Vec<Shape> {
    let mut shapes = Vec::new();
    for net in [Net::Denied, Net::Supervised, Net::Wide, Net::Free] {
        for bits in 0..512u16 {
            let bit = |n: u16| bits & (1 << n) != 0;
            shapes.push(Shape {
                run: bit(0),
                net,
                read_all: bit(1),
                write_all: bit(2),
                signal_scope: bit(3),
                fork_reported: bit(4),
                exec_reported: bit(5),
                reads_reported: bit(6),
                writes_reported: bit(7),
                files_reported: bit(8),
            });
        }
    }
    shapes
}
