//! The Linux distribution that os-release(5) names.

/// What the advice about a kernel depends on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Distribution {
    /// As people know it; empty where nothing names it.
    pub(super) name: String,
    pub(super) family: Family,
    /// The major version; 0 where there is none.
    pub(super) major: u32,
}

/// Distributions whose kernels come in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Family {
    Debian,
    Ubuntu,
    RedHat,
    Amazon,
    #[default]
    Other,
}

impl Distribution {
    /// Reads the text of os-release.
    pub(super) fn parse(text: &str) -> Self {
        let field = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            value.unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned()
        };
        let (id, like) = (field("ID"), field("ID_LIKE"));
        let ids: Vec<&str> = std::iter::once(id.as_str()).chain(like.split_whitespace()).collect();
        let family = ids.iter().find_map(|id| match *id {
            "amzn" => Some(Family::Amazon),
            "ubuntu" => Some(Family::Ubuntu),
            "debian" => Some(Family::Debian),
            "rhel" | "centos" | "fedora" => Some(Family::RedHat),
            _ => None,
        });
        Distribution {
            name: field("PRETTY_NAME"),
            family: family.unwrap_or_default(),
            // Derived distributions count in their own way.
            major: match ids[0] {
                "amzn" | "ubuntu" | "debian" | "rhel" | "centos" | "rocky" | "almalinux" | "ol" => {
                    let version = field("VERSION_ID");
                    version
                        .split('.')
                        .next()
                        .and_then(|major| major.parse().ok())
                        .unwrap_or(0)
                }
                _ => 0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_families_and_versions() {
        let parsed = |text| {
            let Distribution { name, family, major } = Distribution::parse(text);
            (name, family, major)
        };
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 11 (bullseye)\"\nID=debian\nVERSION_ID=\"11\"\n";
        assert_eq!(
            parsed(debian),
            ("Debian GNU/Linux 11 (bullseye)".to_owned(), Family::Debian, 11)
        );
        let ubuntu = "ID=ubuntu\nID_LIKE=debian\nPRETTY_NAME='Ubuntu 20.04.6 LTS'\nVERSION_ID=20.04";
        assert_eq!(parsed(ubuntu), ("Ubuntu 20.04.6 LTS".to_owned(), Family::Ubuntu, 20));
        let rocky = "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"8.10\"";
        assert_eq!(parsed(rocky), (String::new(), Family::RedHat, 8));
        let amazon = "ID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"2\"";
        assert_eq!(parsed(amazon), (String::new(), Family::Amazon, 2));
        let mint = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"21.2\"";
        assert_eq!(parsed(mint), (String::new(), Family::Ubuntu, 0));
        assert_eq!(parsed(""), (String::new(), Family::Other, 0));
    }
}
