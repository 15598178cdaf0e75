//! The sensor's program; see [`tollgate::app::agent`].

fn main() -> std::process::ExitCode {
    tollgate::app::agent::main()
}
