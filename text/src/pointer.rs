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

#[cfg(test)]
mod tests {
    use super::push;

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
