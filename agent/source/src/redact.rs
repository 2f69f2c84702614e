//! Takes secrets and terminal control out of text that other programs and servers wrote.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use buildyard_model::GitCredentials;

const HIDDEN: &str = "***";

/// Knows the secrets of one fetch.
#[derive(Default)]
pub(crate) struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    pub(crate) fn new(credentials: Option<&GitCredentials>) -> Self {
        let Some(credentials) = credentials else { return Self::default() };
        let password = credentials.password.expose();
        let basic = BASE64.encode(format!("{}:{password}", credentials.username));
        let mut secrets = vec![password.to_owned(), percent_encoded(password), basic];
        secrets.retain(|secret| !secret.is_empty());
        Self { secrets }
    }

    /// One line without secrets, `user:password@` of URLs and control characters.
    pub(crate) fn line(&self, text: &str) -> String {
        let mut text: String = text.chars().filter(|c| !c.is_control() || *c == '\t').collect();
        for secret in &self.secrets {
            text = text.replace(secret, HIDDEN);
        }
        without_userinfo(&text)
    }
}

/// `https://user:password@host` becomes `https://***@host`; `ssh://git@host` stays, since it holds no secret.
fn without_userinfo(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let authority_end = after.find(|c: char| c == '/' || c.is_whitespace() || matches!(c, '\'' | '"'));
        let (authority, path) = after.split_at(authority_end.unwrap_or(after.len()));
        clean.push_str(before);
        clean.push_str("://");
        match authority.rsplit_once('@') {
            Some((user, host)) if user.contains(':') || !before.ends_with("ssh") => {
                clean.push_str(HIDDEN);
                clean.push('@');
                clean.push_str(host);
            }
            _ => clean.push_str(authority),
        }
        rest = path;
    }
    clean.push_str(rest);
    clean
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_model::Secret;

    #[test]
    fn passwords_are_hidden_in_every_form() {
        let credentials = GitCredentials { username: "u".into(), password: Secret::new("p@ss/1") };
        let redactor = Redactor::new(Some(&credentials));
        let basic = BASE64.encode("u:p@ss/1");
        let text = redactor.line(&format!("p@ss/1 p%40ss%2F1 Basic {basic} https://u:p@ss/1@h/x"));
        assert!(!text.contains("p@ss") && !text.contains("p%40") && !text.contains(&basic), "{text}");
    }

    #[test]
    fn user_names_and_passwords_of_urls_are_hidden() {
        let redactor = Redactor::default();
        assert_eq!(
            redactor.line("fatal: 'https://u:p@h/x' and http://t@h2"),
            "fatal: 'https://***@h/x' and http://***@h2"
        );
        assert_eq!(redactor.line("ssh://git@h/x ssh://u:p@h/x"), "ssh://git@h/x ssh://***@h/x");
        assert_eq!(redactor.line("https://h/a@b"), "https://h/a@b");
    }

    #[test]
    fn terminal_control_is_taken_out() {
        assert_eq!(Redactor::default().line("a\u{1b}[2Jb\rc\u{9b}d"), "a[2Jbcd");
    }
}
