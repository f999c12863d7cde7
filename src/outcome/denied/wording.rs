//! Translates flags to Node's.

use crate::sandbox::{Denial, Permission};

pub(super) fn for_node(denial: &mut Denial) {
    if denial.flag.is_empty() {
        return;
    }
    let value = denial.flag.split_once('=').map(|(_, value)| value.to_owned());
    denial.flag = match (denial.permission, value) {
        (Permission::Read, value) => format!("--allow-fs-read={}", value.as_deref().unwrap_or("*")),
        (Permission::Write, value) => format!("--allow-fs-write={}", value.as_deref().unwrap_or("*")),
        // Node has no list of programs.
        (Permission::Run, _) => "--allow-child-process".to_owned(),
        (Permission::Net, _) => return,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_without_a_flag_gets_no_hint() {
        let mut denial = Denial::new(Permission::Read, "/".to_owned(), 0);
        denial.flag.clear();
        for_node(&mut denial);
        assert_eq!(denial.flag, "");
    }

    #[test]
    fn each_kind_has_nodes_word() {
        let cases = [
            (Permission::Read, "/a,b", "--allow-fs-read=/a,,b"),
            (Permission::Read, "", "--allow-fs-read=*"),
            (Permission::Write, "/a", "--allow-fs-write=/a"),
            (Permission::Net, "a.test:1", "--allow-net=a.test:1"),
            (Permission::Run, "/usr/bin/git", "--allow-child-process"),
        ];
        for (permission, resource, flag) in cases {
            let mut denial = Denial::new(permission, resource.to_owned(), 0);
            for_node(&mut denial);
            assert_eq!(denial.flag, flag);
        }
    }
}
