//! Lays out JSON for people without parsing it: numbers keep their digits, and members their order.

/// Lays out a text that is JSON.
pub(super) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut characters = json.chars().filter_map(outside_strings()).peekable();
    while let Some((c, in_string)) = characters.next() {
        match c {
            _ if in_string => out.push(c),
            '{' | '[' => {
                out.push(c);
                if let Some((close, _)) = characters.next_if(|(next, _)| matches!(next, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    break_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => out.push(c),
        }
    }
    out
}

/// Marks each character that is part of a string, and removes the white space between values.
fn outside_strings() -> impl FnMut(char) -> Option<(char, bool)> {
    let (mut in_string, mut escaped) = (false, false);
    move |c| {
        let was_in_string = in_string;
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        let here = was_in_string || in_string;
        (here || !c.is_ascii_whitespace()).then_some((c, here))
    }
}

fn break_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn only_white_space_changes() {
        let json = r#" {"a" :[1E5,{},[ ]], "b\"{,:":"\\ , {", "c":-1.10} "#;
        let laid_out =
            "{\n  \"a\": [\n    1E5,\n    {},\n    []\n  ],\n  \"b\\\"{,:\": \"\\\\ , {\",\n  \"c\": -1.10\n}";
        assert_eq!(pretty(json), laid_out);
        assert_eq!(pretty("5"), "5");
    }
}
