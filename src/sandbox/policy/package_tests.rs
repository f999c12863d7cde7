use super::super::files::fake::Fake;
use super::*;

fn found(files: &Fake, working_dir: &str, entrypoint: &str) -> Vec<String> {
    let bounds = Bounds::new(files, Path::new(working_dir), Some(Path::new("/home/me")));
    let mut found: Vec<String> = directories(files, &bounds, Path::new(entrypoint))
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    found.sort();
    found
}

#[test]
fn a_package_begins_at_or_below_the_working_directory() {
    let files = Fake::default()
        .file("/home/me/package.json")
        .file("/home/me/code/package.json")
        .file("/home/me/code/app/tools/a/tool.mjs")
        .file("/home/me/code/lib/package.json")
        .file("/home/me/code/lib/src/tool.mjs");
    let inside = "/home/me/code/app/tools/a/tool.mjs";
    // Without a package.json up to the working directory, the entrypoint's own directory counts.
    assert_eq!(
        found(&files, "/home/me/code/app", inside),
        ["/home/me/code/app/tools/a"]
    );
    // The working directory itself is a package.
    assert_eq!(found(&files, "/home/me/code", inside), ["/home/me/code"]);
    // Outside of the working directory the entrypoint's own package counts, unless it contains the working directory.
    let outside = "/home/me/code/lib/src/tool.mjs";
    assert_eq!(found(&files, "/home/me/code/app", outside), ["/home/me/code/lib"]);
    assert_eq!(
        found(&files, "/home/me/code/lib/src/x", outside),
        ["/home/me/code/lib/src"]
    );
}

#[test]
fn the_home_directory_and_its_parents_are_not_packages() {
    let files = Fake::default()
        .file("/package.json")
        .file("/home/package.json")
        .file("/home/me/package.json")
        .file("/home/me/tool.mjs")
        .file("/home/me/scripts/tool.mjs")
        .file("/tmp/package.json")
        .file("/tmp/tool.mjs")
        .file("/tool.mjs")
        .directory("/home/me/node_modules/zod");
    for working_dir in ["/home/me", "/home", "/", "/srv"] {
        assert_eq!(
            found(&files, working_dir, "/home/me/scripts/tool.mjs"),
            ["/home/me/node_modules", "/home/me/scripts"],
            "{working_dir}"
        );
        assert_eq!(
            found(&files, working_dir, "/home/me/tool.mjs"),
            ["/home/me/node_modules", "/home/me/tool.mjs"],
            "{working_dir}"
        );
    }
    assert_eq!(found(&files, "/tmp", "/tmp/tool.mjs"), ["/tmp/tool.mjs"]);
    assert_eq!(found(&files, "/", "/tool.mjs"), ["/tool.mjs"]);
}

#[test]
fn a_project_in_a_shared_directory_is_itself_alone() {
    let files = Fake::default()
        .file("/tmp/package.json")
        .file("/tmp/mine/tools/tool.mjs");
    for working_dir in ["/tmp/mine", "/tmp/mine/tools", "/srv"] {
        assert_eq!(
            found(&files, working_dir, "/tmp/mine/tools/tool.mjs"),
            ["/tmp/mine/tools"]
        );
    }
}

#[test]
fn installed_packages_are_found_above_and_links_lead_to_packages_only() {
    let files = Fake::default()
        .file("/home/me/package.json")
        .file("/home/me/keys/package.json")
        .directory("/home/me/repo/store/node_modules/zod")
        .file("/home/me/repo/package.json")
        .file("/home/me/repo/lib/package.json")
        .file("/home/me/repo/app/package.json")
        .file("/home/me/repo/app/tool.mjs")
        .link("/home/me/repo/node_modules", "store/node_modules")
        .link("/home/me/repo/app/node_modules/lib", "../../lib")
        .link("/home/me/repo/app/node_modules/keys", "/home/me/keys")
        .link("/home/me/node_modules", "/home/me");
    assert_eq!(
        found(&files, "/home/me/repo/app", "/home/me/repo/app/tool.mjs"),
        [
            "/home/me/repo/app",
            "/home/me/repo/lib",
            "/home/me/repo/store/node_modules"
        ]
    );
}

#[test]
fn packages_of_a_project_may_be_installed_elsewhere() {
    let files = Fake::default()
        .directory("/srv/shared/node_modules/zod")
        .file("/home/me/app/package.json")
        .file("/home/me/app/tool.mjs")
        .link("/home/me/app/node_modules", "/srv/shared/node_modules")
        .file("/home/me/other/package.json")
        .file("/home/me/other/tool.mjs")
        .link("/home/me/other/node_modules", "/srv/shared");
    assert_eq!(
        found(&files, "/home/me/app", "/home/me/app/tool.mjs"),
        ["/home/me/app", "/srv/shared/node_modules"]
    );
    // Imports of an outside package are looked up there.
    let bounds = Bounds::new(&files, Path::new("/home/me/app"), Some(Path::new("/home/me")));
    assert_eq!(
        listed(&files, &bounds, Path::new("/home/me/app/tool.mjs")),
        [Path::new("/home/me/app"), Path::new("/srv/shared")]
    );
    assert_eq!(
        found(&files, "/home/me/other", "/home/me/other/tool.mjs"),
        ["/home/me/other"]
    );
}
