//! The Center's program; see [`tollgate::app::center`].

fn main() -> std::process::ExitCode {
    tollgate::app::center::main()
}
