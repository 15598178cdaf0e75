//! What `smartagentctl` is asked for, as typed.

use crate::app::center::args::CONFIG;
use crate::app::center::words::Request;
use crate::engine::licensing::{Command, Customer, Payment, Transport};
use crate::io::secret;
use crate::io::smart::Login;
use crate::model::entitlement::Subscription;
use clap::{ArgGroup, Args, CommandFactory as _, Parser, ValueEnum};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The longest file or input that is read: codes have at most 8 KiB.
const INPUT_MAX: u64 = 64 * 1024;

const EXAMPLES: &str = "\
A Center without a network reserves licences by four codes:
  tollgate-satellite public-key | smartagentctl --trust-authority -     once: whose codes are believed
  smartagentctl --reservation-request             prints the request code; enter it at the authority
  smartagentctl --reservation-install code.xml    what the authority answered
  smartagentctl --reservation-install new.xml     an update; prints the confirmation code for the authority
  smartagentctl --reservation-return              prints the return code for the authority

Exit status: 0 done; 1 refused, with the reason and its code, or the Center cannot be asked; 2 wrong usage.";

/// Asks the Center's licence agent, or orders it.
#[derive(Debug, Parser)]
#[command(name = "smartagentctl", version, arg_required_else_help = true, after_help = EXAMPLES)]
#[command(group = ArgGroup::new("verb").required(true).args(VERBS))]
pub struct Cli {
    /// What to do.
    #[command(flatten)]
    pub verb: Verb,
    /// With --register: even when the authority holds this Center already
    #[arg(long, requires = "register")]
    force: bool,
    /// With --set-mode utility: who pays.
    #[command(flatten)]
    customer: CustomerArgs,
    /// With --set-transport: what the Center needs beside it.
    #[command(flatten)]
    way: WayArgs,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
    /// The Center's configuration
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    pub config: PathBuf,
}

const VERBS: [&str; 18] = [
    "get_license_summary",
    "get_license_status",
    "set_subscription",
    "set_mode",
    "set_transport",
    "register",
    "deregister",
    "renew_id",
    "renew_auth",
    "trust_authority",
    "reservation_request",
    "reservation_cancel",
    "reservation_install",
    "reservation_confirmation",
    "reservation_confirmed",
    "reservation_return",
    "reservation_discard",
    "reservation_returned",
];

/// One of these.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "the flags of the guide's command, one of them at a time")]
pub struct Verb {
    /// Print the licence's state as one line of JSON
    #[arg(long)]
    pub get_license_summary: bool,
    /// Print what the License page shows
    #[arg(long)]
    pub get_license_status: bool,
    /// Choose the package of features (Software Subscription Licensing); may cost
    #[arg(long, value_name = "SUBSCRIPTION", ignore_case = true)]
    set_subscription: Option<SubscriptionWord>,
    /// Change License mode: Pre-paid Term Subscription, or utility mode, the Post-paid Usage Subscription
    #[arg(long, value_name = "MODE", ignore_case = true)]
    set_mode: Option<ModeWord>,
    /// Transport Settings: `direct`, `proxy:HOST:PORT` (HTTP/HTTPS Proxy), or the Product Registration URL of a Transport
    /// Gateway, which `tollgate-satellite status` shows
    #[arg(long, value_name = "TRANSPORT", value_parser = transport)]
    set_transport: Option<Transport>,
    /// Register with this Product Instance Registration Token; `-` reads it from standard input
    #[arg(long, value_name = "TOKEN")]
    register: Option<String>,
    /// Give the registration back, or stop trying to register
    #[arg(long)]
    deregister: bool,
    /// Renew the ID certificate now
    #[arg(long)]
    renew_id: bool,
    /// Renew the authorization now
    #[arg(long)]
    renew_auth: bool,
    /// Believe the authorization codes of this authority: what `tollgate-satellite public-key` prints; `-` reads standard
    /// input
    #[arg(long, value_name = "FILE")]
    trust_authority: Option<PathBuf>,
    /// Generate Reservation Request Code; View Request Code when there is one
    #[arg(long)]
    reservation_request: bool,
    /// Cancel Request: forget the request code
    #[arg(long)]
    reservation_cancel: bool,
    /// Install Authorization Code/File: the first code, or Update Reservation; `-` reads standard input
    #[arg(long, value_name = "FILE|CODE")]
    reservation_install: Option<PathBuf>,
    /// View Confirmation Code of an update
    #[arg(long)]
    pub reservation_confirmation: bool,
    /// Code Has Been Entered: the confirmation code, at the authority
    #[arg(long)]
    reservation_confirmed: bool,
    /// Return Reserved Licenses: back to evaluation; prints the Reservation Return Code
    #[arg(long)]
    reservation_return: bool,
    /// Print a return code for an authorization code that will not be installed
    #[arg(long, value_name = "FILE|CODE")]
    reservation_discard: Option<PathBuf>,
    /// The return code has been entered at the authority
    #[arg(long)]
    reservation_returned: bool,
}

/// Essentials or Advantage.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SubscriptionWord {
    /// The basic features
    Essentials,
    /// All features
    Advantage,
}

/// How tokens are paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModeWord {
    /// A term, before
    Prepaid,
    /// Usage, after
    Utility,
}

/// Who pays, each 1 to 250 characters.
#[derive(Debug, Args)]
#[allow(clippy::struct_field_names, reason = "fields are the names of options")]
struct CustomerArgs {
    /// Customer ID
    #[arg(long, value_name = "TEXT")]
    customer_id: Option<String>,
    /// Customer name
    #[arg(long, value_name = "TEXT")]
    customer_name: Option<String>,
    /// Street
    #[arg(long, value_name = "TEXT")]
    customer_street: Option<String>,
    /// City
    #[arg(long, value_name = "TEXT")]
    customer_city: Option<String>,
    /// State
    #[arg(long, value_name = "TEXT")]
    customer_state: Option<String>,
    /// Country
    #[arg(long, value_name = "TEXT")]
    customer_country: Option<String>,
    /// Postal code
    #[arg(long, value_name = "TEXT")]
    customer_postal_code: Option<String>,
}

/// What the Center needs to reach the authority.
#[derive(Debug, Args)]
struct WayArgs {
    /// With --set-transport: believe the authority's CA in this file (PEM)
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// With --set-transport proxy:HOST:PORT: the name that the proxy asks for
    #[arg(long, value_name = "NAME", requires = "proxy_password")]
    proxy_user: Option<String>,
    /// Its password: the first line of this file; `-` reads standard input
    #[arg(long, value_name = "FILE", requires = "proxy_user")]
    proxy_password: Option<PathBuf>,
}

impl Cli {
    /// What was typed; the process ends with status 2 when it makes no sense.
    pub fn read() -> Self {
        let cli = Self::parse();
        if let Some(why) = cli.said_in_vain() {
            Self::command().error(clap::error::ErrorKind::ArgumentConflict, why).exit();
        }
        cli
    }

    fn proxy(&self) -> Option<(&str, u16)> {
        match &self.verb.set_transport {
            Some(Transport::Proxy { host, port }) => Some((host, *port)),
            _ => None,
        }
    }

    /// What the Center is to keep of the way to the authority, if anything.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn way(&self) -> Result<Option<Request>, String> {
        let ca = self.way.ca.as_deref().map(text).transpose()?;
        let login = match (self.proxy(), &self.way.proxy_user, &self.way.proxy_password) {
            (Some((host, port)), Some(user), Some(file)) => {
                let password = secret_of(file, "Proxy password: ")?;
                let password = password.lines().next().unwrap_or_default().to_owned().into();
                Some(Login { host: host.to_owned(), port, user: user.clone(), password })
            }
            _ => None,
        };
        let authority = self.verb.trust_authority.as_deref().map(text).transpose()?;
        let named = ca.is_some() || login.is_some() || authority.is_some();
        Ok(named.then_some(Request::LicenseWay { ca, login, authority }))
    }

    /// Why something does not belong to the verb. The parser lets it pass, since the verbs exclude each other.
    fn said_in_vain(&self) -> Option<&'static str> {
        let payer = self.customer.is_some() && self.verb.set_mode != Some(ModeWord::Utility);
        let ca = self.way.ca.is_some() && self.verb.set_transport.is_none();
        let login = self.way.proxy_user.is_some() && self.proxy().is_none();
        let reasons = [
            (payer, "who pays is said together with --set-mode utility"),
            (ca, "the authority's CA is said together with --set-transport"),
            (login, "a proxy's name and password are said together with --set-transport proxy:HOST:PORT"),
        ];
        reasons.into_iter().find_map(|(in_vain, why)| in_vain.then_some(why))
    }

    /// The order to the licence agent; `None` when something is asked instead.
    ///
    /// # Errors
    /// When a code or token cannot be read.
    pub fn order(self) -> Result<Option<Command>, String> {
        let Self { verb, force, customer, .. } = self;
        let flags = [
            (verb.deregister, Command::Deregister),
            (verb.renew_id, Command::RenewId),
            (verb.renew_auth, Command::RenewAuthorization),
            (verb.reservation_request, Command::RequestReservation),
            (verb.reservation_cancel, Command::CancelReservation),
            (verb.reservation_confirmed, Command::CodeEntered),
            (verb.reservation_return, Command::ReturnReservation),
            (verb.reservation_returned, Command::AcknowledgeReturn),
        ];
        let valued = [
            verb.set_subscription.map(|word| Ok(Command::SetSubscription(word.into()))),
            verb.set_mode.map(|mode| Ok(Command::SetPayment(customer.payment(mode)))),
            verb.set_transport.map(|transport| Ok(Command::SetTransport(transport))),
            verb.register.map(|token| Ok(Command::Register { token: token_of(token)?, force })),
            verb.reservation_install.map(|file| Ok(Command::Install(code(&file)?))),
            verb.reservation_discard.map(|file| Ok(Command::Discard(code(&file)?))),
        ];
        let flag = flags.into_iter().find(|(set, _)| *set).map(|(_, command)| Ok(command));
        valued.into_iter().flatten().next().or(flag).transpose()
    }
}

impl From<SubscriptionWord> for Subscription {
    fn from(word: SubscriptionWord) -> Self {
        match word {
            SubscriptionWord::Essentials => Self::Essentials,
            SubscriptionWord::Advantage => Self::Advantage,
        }
    }
}

impl CustomerArgs {
    fn is_some(&self) -> bool {
        let texts = [
            &self.customer_id,
            &self.customer_name,
            &self.customer_street,
            &self.customer_city,
            &self.customer_state,
            &self.customer_country,
            &self.customer_postal_code,
        ];
        texts.into_iter().any(Option::is_some)
    }

    fn payment(self, mode: ModeWord) -> Payment {
        if mode == ModeWord::Prepaid {
            return Payment::Prepaid;
        }
        Payment::Utility {
            customer: Customer {
                id: self.customer_id,
                name: self.customer_name,
                street: self.customer_street,
                city: self.customer_city,
                state: self.customer_state,
                country: self.customer_country,
                postal_code: self.customer_postal_code,
            },
        }
    }
}

fn transport(text: &str) -> Result<Transport, String> {
    if text == "direct" {
        return Ok(Transport::Direct);
    }
    let Some(proxy) = text.strip_prefix("proxy:") else {
        return Ok(Transport::Gateway { url: text.to_owned() });
    };
    let (host, port) = proxy.rsplit_once(':').ok_or("a proxy is written proxy:HOST:PORT")?;
    let port = port.parse().map_err(|_| "a port is a number from 1 to 65535")?;
    Ok(Transport::Proxy { host: host.to_owned(), port })
}

/// A token on the command line can be seen by everybody on the machine; standard input cannot.
fn token_of(typed: String) -> Result<String, String> {
    if typed != "-" {
        return Ok(typed);
    }
    secret_of(Path::new(&typed), "Registration token: ").map(|token| token.trim().to_owned())
}

/// A file's content; `-` is standard input, which a terminal does not show.
fn secret_of(path: &Path, prompt: &str) -> Result<String, String> {
    if path != Path::new("-") {
        return text(path);
    }
    secret::read(prompt, INPUT_MAX).map_err(|error| format!("standard input: {error}"))
}

/// An authorization code: pasted, or in a file.
fn code(typed: &Path) -> Result<String, String> {
    match typed.to_str().filter(|typed| typed.trim_start().starts_with('<')) {
        Some(code) => Ok(code.to_owned()),
        None => text(typed),
    }
}

/// A file's content, or that of standard input.
fn text(path: &Path) -> Result<String, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", path.display());
    let source: Box<dyn std::io::Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(fault)?)
    };
    let mut text = String::new();
    source.take(INPUT_MAX).read_to_string(&mut text).map_err(fault)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(words: &[&str]) -> Option<Command> {
        let words = ["smartagentctl"].iter().chain(words);
        Cli::try_parse_from(words).unwrap().order().unwrap()
    }

    fn refused(words: &[&str]) {
        assert!(Cli::try_parse_from(["smartagentctl"].iter().chain(words)).is_err(), "{words:?}");
    }

    #[test]
    fn every_verb_is_its_order() {
        assert_eq!(order(&["--get-license-summary"]), None);
        assert_eq!(order(&["--get-license-status", "--json"]), None);
        assert_eq!(order(&["--reservation-confirmation"]), None);
        let subscription = Command::SetSubscription(Subscription::Essentials);
        assert_eq!(order(&["--set-subscription", "essentials"]), Some(subscription));
        assert_eq!(order(&["--set-mode", "prepaid"]), Some(Command::SetPayment(Payment::Prepaid)));
        let customer = Customer { city: Some("Bern".to_owned()), ..Customer::default() };
        let utility = Command::SetPayment(Payment::Utility { customer });
        assert_eq!(order(&["--set-mode", "utility", "--customer-city", "Bern"]), Some(utility));
        let force = Command::Register { token: "t".to_owned(), force: true };
        assert_eq!(order(&["--register", "t", "--force"]), Some(force));
        for (flag, command) in [
            ("--deregister", Command::Deregister),
            ("--renew-id", Command::RenewId),
            ("--renew-auth", Command::RenewAuthorization),
            ("--reservation-request", Command::RequestReservation),
            ("--reservation-cancel", Command::CancelReservation),
            ("--reservation-confirmed", Command::CodeEntered),
            ("--reservation-return", Command::ReturnReservation),
            ("--reservation-returned", Command::AcknowledgeReturn),
        ] {
            assert_eq!(order(&[flag]), Some(command), "{flag}");
        }
    }

    #[test]
    fn transports_are_read() {
        let set = |text| order(&["--set-transport", text]);
        assert_eq!(set("direct"), Some(Command::SetTransport(Transport::Direct)));
        let proxy = Transport::Proxy { host: "proxy.plant".to_owned(), port: 8080 };
        assert_eq!(set("proxy:proxy.plant:8080"), Some(Command::SetTransport(proxy)));
        let gateway = Transport::Gateway { url: "https://satellite.plant/SmartTransport".to_owned() };
        assert_eq!(set("https://satellite.plant/SmartTransport"), Some(Command::SetTransport(gateway)));
        refused(&["--set-transport", "proxy:nowhere"]);
        refused(&["--set-transport", "direct", "--proxy-user", "anna"]);
    }

    #[test]
    fn one_verb_at_a_time() {
        refused(&["--json"]);
        refused(&["--deregister", "--renew-id"]);
        refused(&["--force"]);
    }

    #[test]
    fn what_belongs_to_another_verb_is_refused() {
        let in_vain = |with: &str, words: &str| {
            let words = ["smartagentctl"].into_iter().chain(with.split(' ')).chain(words.split(' '));
            Cli::try_parse_from(words).unwrap().said_in_vain().is_some()
        };
        let payer = "--customer-city Bern";
        assert!(in_vain(payer, "--get-license-summary") && in_vain(payer, "--set-mode prepaid"));
        assert!(!in_vain(payer, "--set-mode utility"));
        let ca = "--ca ca.pem";
        assert!(in_vain(ca, "--renew-id") && !in_vain(ca, "--set-transport direct"));
        let login = "--proxy-user anna --proxy-password -";
        assert!(in_vain(login, "--renew-id") && in_vain(login, "--set-transport direct"));
        assert!(!in_vain(login, "--set-transport proxy:proxy.plant:8080"));
    }
}
