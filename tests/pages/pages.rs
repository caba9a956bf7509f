//! The pages with commands: where a reader is, what is there already, and which blocks others try.

use super::blocks::Block;

/// A page with commands.
pub(crate) struct Page {
    pub(crate) path: &'static str,
    /// Programs that it takes for granted.
    pub(crate) needs: &'static [&'static str],
    /// What a reader has done before, in bash: it begins beside the clone `tidegate`.
    pub(crate) before: &'static str,
    /// What shows that it worked.
    pub(crate) after: &'static str,
}

pub(crate) const PAGES: [Page; 12] = [
    Page {
        path: "README.md",
        needs: &["curl"],
        before: r#"cd tidegate
cargo() { (cd "$REPOSITORY" && command cargo "$@"); }
export -f cargo
# At full speed, since what a gate compiles makes way for all others.
dist/tidegate check dist/policy.wasm > /dev/null
dist/tidegate check dist/next-policy.wasm > /dev/null"#,
        after: "",
    },
    Page {
        path: "docs/quick-start.md",
        needs: &[],
        // Nothing but the program, and what comes with a shell.
        before: "mkdir bin work; ln -s \"$PWD/tidegate/dist/tidegate\" bin; PATH=$PWD/bin:/usr/bin:/bin; cd work",
        after: "",
    },
    Page {
        path: "docs/plain-files.md",
        needs: &[],
        // Nothing else is needed, so nothing else of the clone is there.
        before: "PATH=$PWD/tidegate/dist:$PATH; mkdir shop; cd shop",
        after: "",
    },
    Page {
        path: "docs/rules.md",
        needs: &[],
        before: "PATH=$PWD/tidegate/dist:$PATH; mkdir shop; cd shop",
        after: "",
    },
    Page {
        path: "docs/policies-in-code.md",
        needs: &[],
        before: r#"cargo() {
    if [ -f Cargo.toml ]; then
        [ -e target ] || ln -s "$TARGET" target
        [ -e Cargo.lock ] || cp "$LOCK" Cargo.lock
    fi
    command cargo "$@"
}
export -f cargo"#,
        after: "",
    },
    Page {
        path: "bindings/c/README.md",
        needs: &["cc", "cmake", "pkg-config"],
        before: "cd tidegate",
        after: "[ -x build/validate ]",
    },
    Page {
        path: "bindings/go/README.md",
        needs: &["go", "cc", "pkg-config"],
        before: "TIDEGATE=$PWD/tidegate; mkdir service; cd service; go mod init service",
        after: r#"cp "$OUT"/*.go main.go; go build"#,
    },
    Page {
        path: "bindings/java/README.md",
        needs: &["java", "mvn"],
        // Its tests run elsewhere, and nothing is to be left behind in the user's own repository.
        before: r#"cd tidegate/bindings/java
[ ! -d ~/.m2/repository ] || cp -al ~/.m2/repository ../../../m2 2> /dev/null || cp -a ~/.m2/repository ../../../m2
m2=$(realpath ../../../m2)
mvn() { command mvn --batch-mode --quiet -Dstyle.color=never -DskipTests "-Dmaven.repo.local=$m2" "$@"; }"#,
        // Another project, whose pom has what the page says.
        after: r#"mkdir ../../../service; cd ../../../service
cat > pom.xml << END
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>service</groupId><artifactId>service</artifactId><version>1</version>
<dependencies>$(cat "$OUT"/*.xml)</dependencies></project>
END
mvn dependency:copy-dependencies -DoutputDirectory=lib
[ -s lib/tidegate-*.jar ]"#,
    },
    Page {
        path: "bindings/node/README.md",
        needs: &["node", "npm"],
        before: "mkdir your-project; cd tidegate; cargo() { [ \"$*\" = 'xtask build' ]; }",
        after: "[ -s policy/policy.js ]",
    },
    Page {
        path: "bindings/python/README.md",
        needs: &["python3"],
        before: "python3 -m venv venv; PATH=$PWD/venv/bin:$PATH; cd tidegate",
        after: "python -c 'import tidegate'",
    },
    Page {
        path: "examples/policy-python/README.md",
        needs: &["python3"],
        before: "cd tidegate/examples/policy-python",
        after: "",
    },
    Page {
        path: "examples/policy-typescript/README.md",
        needs: &["node", "npm"],
        before: "cd tidegate/examples/policy-typescript",
        after: "",
    },
];

/// Blocks that are not run here: their page, their language or how they begin, and who runs them or why nobody does.
pub(crate) const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("README.md", "cargo xtask test\n", "these tests are a part of it"),
    (
        "README.md",
        "deploy/kafka/apply.sh",
        "tests/harness/tests/deploy/, on ports that are free",
    ),
    ("README.md", "python", "xtask/src/package/python.rs"),
    ("bindings/go/README.md", "go", "bindings/go/readme_test.go"),
    (
        "bindings/java/README.md",
        "java",
        "bindings/java/src/test/java/dev/tidegate/ReadmeTest.java",
    ),
    ("bindings/java/README.md", "xml", "a file for what comes after the page"),
    ("bindings/node/README.md", "js", "bindings/node/test/readme.js"),
    ("bindings/node/README.md", "ts", "bindings/node/test/readme.js"),
    (
        "bindings/python/README.md",
        "python3 -m venv target",
        "the stage python of `cargo xtask test`",
    ),
    (
        "bindings/python/README.md",
        "python",
        "bindings/python/tests/test_readme.py",
    ),
    ("docs/bindings.md", "c", "bindings/c/tests/ffi_programs.rs"),
    ("docs/bindings.md", "go", "bindings/go/readme_test.go"),
    (
        "docs/bindings.md",
        "java",
        "bindings/java/src/test/java/dev/tidegate/ReadmeTest.java",
    ),
    ("docs/bindings.md", "js", "bindings/node/test/page.test.js"),
    ("docs/bindings.md", "json", "bindings/python/tests/test_page.py"),
    ("docs/bindings.md", "python", "bindings/python/tests/test_page.py"),
    ("docs/fastapi.md", "notifications.py", "tests/dapr/fastapi.rs"),
    ("docs/fastapi.md", "requirements.txt", "tests/dapr/fastapi.rs"),
    ("docs/fastapi.md", "before.py", "tests/dapr/fastapi.rs"),
    ("docs/fastapi.md", "policy/policy.yaml", "tests/dapr/fastapi.rs"),
    ("docs/fastapi.md", "policy/task-1.0.json", "tests/dapr/fastapi.rs"),
    ("docs/fastapi.md", "policy/task-1.1.json", "tests/dapr/fastapi.rs"),
    ("docs/fastapi.md", "policy/created-1.0.json", "tests/dapr/fastapi.rs"),
    ("docs/fastapi.md", "policy/completed-1.0.json", "tests/dapr/fastapi.rs"),
    ("docs/fastapi.md", "after.py", "tests/dapr/fastapi.rs"),
    (
        "deploy/README.md",
        "deploy/kafka/apply.sh",
        "tests/harness/tests/deploy/, on ports that are free",
    ),
    (
        "host/cli/src/cli/new/around/README.md",
        "{apply}",
        "the test `new` runs these commands in a new folder",
    ),
    (
        "host/cli/src/cli/new/around/README.md",
        "{name}/kafka/apply.sh",
        "the tests of deploy/ run these files, on ports that are free",
    ),
    ("benches/README.md", "cargo xtask bench", "figures, which take minutes"),
    ("tests/README.md", "cargo test", "these tests are a part of it"),
    ("tests/README.md", "rust", "a sketch of a test"),
    ("tests/vectors/README.md", "json", "a form, with gaps"),
];

/// Whether a block of a page is tried elsewhere.
pub(crate) fn is_elsewhere(page: &str, block: &Block) -> bool {
    let mut entries = ELSEWHERE.iter();
    entries.any(|(path, what, _)| *path == page && is_meant(what, block))
}

/// Whether an entry of a page means this block of it.
pub(crate) fn is_meant(what: &str, block: &Block) -> bool {
    match block {
        Block::File(file, _) => file == what,
        Block::Shell(commands, _) => commands.starts_with(what),
        Block::Code(language, _) => language == what,
    }
}
