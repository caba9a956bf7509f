//! JSON Pointers (RFC 6901): how a member's name stands in one. Knows no JSON.

use std::borrow::Cow;

/// The name of a member as it stands in a pointer: `~` as `~0`, `/` as `~1`.
pub fn token(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) {
        Cow::Owned(name.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(name)
    }
}

/// Appends to a pointer the step into the member `name`, or into the item of an array at that position.
pub fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&token(name));
}

/// The names on the way of a pointer into objects; `None`: it is not a pointer.
pub fn names(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    pointer.strip_prefix('/')?.split('/').map(name).collect()
}

/// The name that a token stands for; `None`: a `~` is followed by neither `0` nor `1`.
fn name(token: &str) -> Option<String> {
    let is_escaped = |part: &str| part.starts_with(['0', '1']);
    token
        .split('~')
        .skip(1)
        .all(is_escaped)
        .then(|| token.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::{names, push};

    #[test]
    fn names_are_read_back() {
        for (pointer, expected) in [
            ("", &[][..]),
            ("/", &[""]),
            ("/a~1b/m~0n", &["a/b", "m~n"]),
            ("/~01", &["~1"]),
            ("/data/id", &["data", "id"]),
        ] {
            assert_eq!(
                names(pointer).as_deref(),
                Some(
                    expected
                        .iter()
                        .map(|name| (*name).to_owned())
                        .collect::<Vec<_>>()
                        .as_slice()
                ),
                "{pointer}"
            );
        }
        for wrong in ["id", "id/", "/a~", "/a~2", "/~"] {
            assert_eq!(names(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_are_escaped_as_the_standard_says() {
        // The examples of RFC 6901, section 5.
        for (name, expected) in [
            ("", "/"),
            ("a/b", "/a~1b"),
            ("m~n", "/m~0n"),
            ("~1", "/~01"),
            ("i\\j", "/i\\j"),
        ] {
            let mut pointer = String::new();
            push(&mut pointer, name);
            assert_eq!(pointer, expected);
        }
    }
}
