//! The licence authority's program; see [`tollgate::app::satellite`].

fn main() -> std::process::ExitCode {
    tollgate::app::satellite::main()
}
