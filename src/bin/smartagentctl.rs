//! The licence command beside the Center; see [`tollgate::app::ctl`].

fn main() -> std::process::ExitCode {
    tollgate::app::ctl::main()
}
