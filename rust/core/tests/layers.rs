//! The shape of the house, read from the source: layers, sizes, where OIDs may stand, no unsafe.
//!
//! Works on tokens, so that comments and strings never count and paths inside macros do.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A module uses only what stands left of it; those of one group may use each other.
const LAYERS: &[&[&str]] = &[
    &["error", "finding", "limits"],
    &["asn1"],
    &["crypto"],
    &["alg"],
    &["inspect"],
    &["keys"],
    &["mime"],
    &["x509"],
    &["cms"],
    &["identity"],
    &["policy"],
    &["receive"],
    &["send"],
    &["bulk", "config"],
];

/// Tables may be longer than other files.
const TABLES: &[&str] = &["alg/table.rs", "finding.rs"];
const FILE_LINES: usize = 600;
const TABLE_LINES: usize = 800;
const FUNCTION_LINES: usize = 60;
const OID_HOMES: &[&str] = &["alg/table.rs", "asn1/oid.rs"];

struct Source {
    /// Relative to `src`, with `/`.
    name: String,
    text: String,
    tokens: TokenStream,
}

impl Source {
    /// The top-level module that the file belongs to; None for `lib.rs`.
    fn module(&self) -> Option<&str> {
        let first = self.name.split('/').next().unwrap_or_default();
        let module = first.strip_suffix(".rs").unwrap_or(first);
        (module != "lib").then_some(module)
    }

    /// Module path of the file: `x509/path/tests.rs` → x509, path, tests.
    fn module_path(&self) -> Vec<String> {
        let stem = self.name.strip_suffix(".rs").unwrap_or(&self.name);
        let mut path: Vec<String> = stem.split('/').map(str::to_owned).collect();
        if path.last().is_some_and(|last| last == "mod" || last == "lib") {
            path.pop();
        }
        path
    }

    /// A file that holds only tests may use whatever it likes.
    fn is_test(&self) -> bool {
        let file = self.name.rsplit('/').next().unwrap_or_default();
        matches!(file, "tests.rs" | "testing.rs") || file.ends_with("_tests.rs") || self.name.contains("/tests/")
    }
}

fn sources_of(root: &Path) -> Vec<Source> {
    let mut folders = vec![root.to_path_buf()];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files.iter().map(|path| read(root, path)).collect()
}

fn read(root: &Path, path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    let tokens = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
    Source { name, text, tokens }
}

fn core_sources() -> Vec<Source> {
    sources_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|group| group.contains(&module))
}

// --- walking tokens -------------------------------------------------------------------------------------------------

fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    }
}

fn group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<&Group> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

/// The tokens without the items under `#[cfg(test)]`.
fn without_tests(stream: TokenStream) -> Vec<TokenTree> {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut kept = Vec::with_capacity(tokens.len());
    let mut index = 0;
    while index < tokens.len() {
        let attribute = group(tokens.get(index + 1), Delimiter::Bracket).map(|group| group.stream().to_string());
        if is_punct(tokens.get(index), '#') && attribute.is_some_and(|text| text.replace(' ', "") == "cfg(test)") {
            index += 2;
            while index < tokens.len()
                && !is_punct(tokens.get(index), ';')
                && group(tokens.get(index), Delimiter::Brace).is_none()
            {
                index += 1;
            }
        } else {
            kept.push(tokens[index].clone());
        }
        index += 1;
    }
    kept
}

/// Calls `visit` with each run of sibling tokens, tests left out, and the inline modules around it.
fn each_level(tokens: Vec<TokenTree>, visit: &mut dyn FnMut(&[TokenTree], &[String])) {
    let mut waiting = vec![(tokens, Vec::new())];
    while let Some((level, modules)) = waiting.pop() {
        visit(&level, &modules);
        for (index, token) in level.iter().enumerate() {
            let TokenTree::Group(inner) = token else { continue };
            let mut inside = modules.clone();
            if index >= 2 && ident(level.get(index - 2)).as_deref() == Some("mod") {
                inside.extend(ident(level.get(index - 1)));
            }
            waiting.push((without_tests(inner.stream()), inside));
        }
    }
}

/// The names that a path goes on with after `::`: one, or those of a group.
fn next_names(tokens: &[TokenTree], index: usize) -> Vec<String> {
    if !(is_punct(tokens.get(index), ':') && is_punct(tokens.get(index + 1), ':')) {
        return Vec::new();
    }
    if let Some(name) = ident(tokens.get(index + 2)) {
        return vec![name];
    }
    let Some(names) = group(tokens.get(index + 2), Delimiter::Brace) else { return vec!["*".into()] };
    let inner: Vec<TokenTree> = names.stream().into_iter().collect();
    let starts = inner.split(|token| is_punct(Some(token), ','));
    starts.filter_map(|part| ident(part.first())).collect()
}

/// What `lib.rs` exports anew: name → module.
fn exports(lib: &Source) -> BTreeMap<String, String> {
    let tokens: Vec<TokenTree> = lib.tokens.clone().into_iter().collect();
    let mut map = BTreeMap::new();
    for (index, token) in tokens.iter().enumerate() {
        if ident(Some(token)).as_deref() != Some("use") {
            continue;
        }
        let Some(module) = ident(tokens.get(index + 1)) else { continue };
        for name in next_names(&tokens, index + 2) {
            map.insert(name, module.clone());
        }
    }
    map
}

/// Top-level modules that a file uses, by `crate::…` or by `super::…` that climbs to the root.
fn used(source: &Source, exports: &BTreeMap<String, String>) -> Vec<String> {
    let base = source.module_path();
    let mut found = Vec::new();
    each_level(without_tests(source.tokens.clone()), &mut |tokens, inline| {
        for index in 0..tokens.len() {
            let word = ident(tokens.get(index));
            let names = match word.as_deref() {
                Some("crate") => next_names(tokens, index + 1),
                Some("super") => climb(tokens, index, base.len() + inline.len()),
                _ => continue,
            };
            found.extend(names.into_iter().map(|name| exports.get(&name).cloned().unwrap_or(name)));
        }
    });
    found
}

/// For the first `super` of a path in a module of that depth: the names it reaches, if it reaches the root.
fn climb(tokens: &[TokenTree], index: usize, depth: usize) -> Vec<String> {
    if index >= 2 && ident(tokens.get(index.wrapping_sub(3))).as_deref() == Some("super") {
        return Vec::new();
    }
    let (mut at, mut steps) = (index, 1);
    while ident(tokens.get(at + 3)).as_deref() == Some("super") {
        at += 3;
        steps += 1;
    }
    if steps == depth { next_names(tokens, at + 1) } else { Vec::new() }
}

// --- the rules ------------------------------------------------------------------------------------------------------

/// Faults against the order of layers.
fn layer_faults(sources: &[Source]) -> Vec<String> {
    let lib = sources.iter().find(|source| source.name == "lib.rs").unwrap();
    let exports = exports(lib);
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let Some(module) = source.module() else { continue };
        let Some(own) = rank(module) else {
            faults.push(format!("{}: the module {module} has no place in the order", source.name));
            continue;
        };
        for name in used(source, &exports) {
            // A macro exported at the root has no module of its own.
            let Some(theirs) = rank(&name) else {
                if name == "*" || sources.iter().any(|other| other.module() == Some(&name)) {
                    faults.push(format!("{}: uses {name}, which has no place in the order", source.name));
                }
                continue;
            };
            if theirs > own || (theirs == own && own != 0 && name != module) {
                faults.push(format!("{}: {module} must not use {name}", source.name));
            }
        }
    }
    faults
}

fn size_faults(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        let cap = if TABLES.contains(&source.name.as_str()) { TABLE_LINES } else { FILE_LINES };
        let lines = source.text.lines().count();
        if lines > cap {
            faults.push(format!("{}: {lines} lines, at most {cap}", source.name));
        }
        for (name, line, length) in functions(&source.tokens) {
            if length > FUNCTION_LINES {
                faults.push(format!("{}:{line}: fn {name} has {length} lines, at most {FUNCTION_LINES}", source.name));
            }
        }
    }
    faults
}

/// Name, first line and number of lines of every function, tests too.
fn functions(stream: &TokenStream) -> Vec<(String, usize, usize)> {
    let mut waiting = vec![stream.clone()];
    let mut found = Vec::new();
    while let Some(stream) = waiting.pop() {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            if let TokenTree::Group(inner) = token {
                waiting.push(inner.stream());
            }
            let (Some("fn"), Some(name)) = (ident(Some(token)).as_deref(), ident(tokens.get(index + 1))) else {
                continue;
            };
            let rest = tokens.get(index..).unwrap_or_default().iter();
            let end = rest
                .take_while(|token| !is_punct(Some(token), ';'))
                .find_map(|token| group(Some(token), Delimiter::Brace).map(|body| body.span_close().end().line));
            let first = token.span().start().line;
            found.extend(end.map(|last| (name, first, last + 1 - first)));
        }
    }
    found
}

/// Literals that are an OID in dotted form or its bytes, and uses of `oid!`, outside their two homes.
fn oid_faults(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test() && !OID_HOMES.contains(&source.name.as_str())) {
        each_level(without_tests(source.tokens.clone()), &mut |tokens, _| {
            for (index, token) in tokens.iter().enumerate() {
                let dotted = matches!(token, TokenTree::Literal(literal) if is_oid(&literal.to_string()));
                let made = ident(Some(token)).as_deref() == Some("oid")
                    && is_punct(tokens.get(index + 1), '!')
                    && matches!(tokens.get(index + 2), Some(TokenTree::Group(_)));
                if dotted || made || is_oid_bytes(tokens, index) {
                    faults.push(format!("{}:{}: an OID", source.name, token.span().start().line));
                }
            }
        });
    }
    faults
}

/// `"1.2.840.…"`, or a byte string that starts as the great arcs of algorithms and certificates do.
fn is_oid(literal: &str) -> bool {
    if let Some(bytes) = literal.strip_prefix("b\"") {
        let bytes = bytes.to_ascii_lowercase();
        return [r"\x2a\x86\x48", r"\x60\x86\x48", r"\x55\x1d", r"\x2b\x06\x01"].iter().any(|arc| bytes.contains(arc));
    }
    let Some(text) = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return false };
    let arcs: Vec<&str> = text.split('.').collect();
    arcs.len() >= 4
        && matches!(arcs[0], "0" | "1" | "2")
        && arcs.iter().all(|arc| !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `0x2a, 0x86, 0x48` and `0x60, 0x86, 0x48` as numbers in an array.
fn is_oid_bytes(tokens: &[TokenTree], index: usize) -> bool {
    let byte = |at: usize| match tokens.get(at) {
        Some(TokenTree::Literal(literal)) => literal.to_string().to_ascii_lowercase(),
        _ => String::new(),
    };
    matches!(byte(index).as_str(), "0x2a" | "0x60") && byte(index + 2) == "0x86" && byte(index + 4) == "0x48"
}

fn unsafe_faults(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        each_level(source.tokens.clone().into_iter().collect(), &mut |tokens, _| {
            let found = tokens.iter().find(|token| ident(Some(token)).as_deref() == Some("unsafe"));
            faults.extend(found.map(|token| format!("{}:{}: unsafe", source.name, token.span().start().line)));
        });
    }
    faults
}

// --- the house keeps them -------------------------------------------------------------------------------------------

#[test]
fn layers_are_kept() {
    assert_eq!(layer_faults(&core_sources()), Vec::<String>::new());
}

#[test]
fn files_and_functions_are_short() {
    let rust = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut faults = size_faults(&core_sources());
    for place in ["core/tests", "lc/src", "py/src"] {
        faults.extend(size_faults(&sources_of(&rust.join(place))));
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn oids_stand_in_their_homes() {
    assert_eq!(oid_faults(&core_sources()), Vec::<String>::new());
}

#[test]
fn core_is_without_unsafe() {
    assert_eq!(unsafe_faults(&core_sources()), Vec::<String>::new());
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    assert!(lib.contains("#![forbid(unsafe_code)]"));
}

/// Panics, locks of the GIL and raw pointers of the Python side stay in the two files that the plan names.
#[test]
fn unsafe_of_the_binding_stands_in_two_short_files() {
    let sources = sources_of(&Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("py/src"));
    let walls = ["buffer.rs", "arrow.rs"];
    let faults: Vec<String> = unsafe_faults(&sources);
    assert!(faults.iter().all(|fault| walls.iter().any(|wall| fault.starts_with(wall))), "{faults:?}");
    for source in sources.iter().filter(|source| walls.contains(&source.name.as_str())) {
        assert!(source.text.lines().count() <= 200, "{}", source.name);
    }
}

// --- and the rules can fail -----------------------------------------------------------------------------------------

fn made(name: &str, text: &str) -> Source {
    Source { name: name.into(), text: text.into(), tokens: text.parse().unwrap() }
}

#[test]
fn a_use_of_the_right_is_found_in_every_form() {
    let lib = || made("lib.rs", "pub mod asn1; pub mod cms; pub use cms::{Shell}; pub use error::Error;");
    for text in [
        "use crate::cms::signed_data;",
        "use crate::{error::Error, cms::X};",
        "fn f() { let x = crate::cms::read(); }",
        "fn f() { g!(crate::cms::read()); }",
        "use super::super::cms;",
        "mod inner { use super::super::super::cms; }",
        "use crate::Shell;",
    ] {
        let faults = layer_faults(&[lib(), made("asn1/reader.rs", text)]);
        assert_eq!(faults, ["asn1/reader.rs: asn1 must not use cms"], "{text}");
    }
    for text in [
        "use crate::error::Error;",
        "use super::oid;",
        "// crate::cms\nuse crate::Error;",
        "#[cfg(test)] mod tests { use crate::cms; }",
    ] {
        assert_eq!(layer_faults(&[lib(), made("asn1/reader.rs", text)]), Vec::<String>::new(), "{text}");
    }
    assert_eq!(layer_faults(&[lib(), made("extra.rs", "")]).len(), 1);
}

#[test]
fn a_long_function_and_a_long_file_are_found() {
    let long = format!("impl X {{\n fn f() {{\n{}}}\n}}", "a();\n".repeat(FUNCTION_LINES));
    assert_eq!(size_faults(&[made("a.rs", &long)]).len(), 1);
    let short = format!("fn f() {{\n{}}}", "a();\n".repeat(FUNCTION_LINES - 2));
    assert_eq!(size_faults(&[made("a.rs", &short)]), Vec::<String>::new());
    assert_eq!(size_faults(&[made("a.rs", &"\n".repeat(FILE_LINES + 1))]).len(), 1);
}

#[test]
fn an_oid_and_unsafe_are_found() {
    for text in [
        r#"const A: &str = "1.2.840.113549.1.7.2";"#,
        r#"const A: &[u8] = b"\x2a\x86\x48\x86\xf7";"#,
        "const A: [u8; 3] = [0x2A, 0x86, 0x48];",
        "const A: Oid<'static> = oid!(1, 2, 840);",
    ] {
        assert_eq!(oid_faults(&[made("cms/a.rs", text)]).len(), 1, "{text}");
        assert_eq!(oid_faults(&[made("asn1/oid.rs", text)]), Vec::<String>::new());
    }
    assert_eq!(
        oid_faults(&[made("cms/a.rs", r#"const A: &str = "127.0.0"; // 1.2.840.113549"#)]),
        Vec::<String>::new()
    );
    assert_eq!(unsafe_faults(&[made("cms/a.rs", "fn f() { unsafe { g() } }")]).len(), 1);
}
