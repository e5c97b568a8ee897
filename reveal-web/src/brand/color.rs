//! The accent color, and whether people can read what stands on it.

use std::fmt;

use shared::domain::invalid::Invalid;

/// Least contrast of text with its background (WCAG 2.2, success criterion 1.4.3).
const READABLE: f64 = 4.5;

/// What the accent stands on: cards of light and of dark pages, as in the style sheet.
const LIGHT_CARD: Color = Color([0xff, 0xff, 0xff]);
const DARK_CARD: Color = Color([0x19, 0x22, 0x2c]);

/// What can be written on the accent.
const INKS: [Color; 2] = [Color([0xff, 0xff, 0xff]), Color([0x0a, 0x18, 0x26])];

/// A color of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Color([u8; 3]);

impl Color {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        // A sign would pass for a digit.
        digits
            .bytes()
            .all(|digit| digit.is_ascii_hexdigit())
            .then_some(Self([red, green, blue]))
    }

    /// Relative luminance, 0 to 1 (WCAG 2.2, definition).
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.04045 {
                channel / 12.92
            } else {
                ((channel + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126f64.mul_add(red, 0.7152f64.mul_add(green, 0.0722 * blue))
    }

    /// Contrast ratio, 1 to 21 (WCAG 2.2, definition).
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The nearest color on the way to `goal` that can be read on `ground`.
    fn until_readable(self, goal: Self, ground: Self) -> Self {
        (0..=u8::MAX)
            .map(|share| self.mixed(goal, share))
            .find(|color| color.contrast(ground) >= READABLE)
            .unwrap_or(goal)
    }

    /// `share` of 255 parts of `other`, the rest of `self`.
    fn mixed(self, other: Self, share: u8) -> Self {
        let mut mixed = self.0;
        for (channel, other) in mixed.iter_mut().zip(other.0) {
            let (own, share) = (u16::from(*channel), u16::from(share));
            let sum = own * (255 - share) + u16::from(other) * share;
            *channel = u8::try_from(sum / 255).unwrap_or(u8::MAX);
        }
        Self(mixed)
    }

    /// What can be read best on it.
    fn ink(self) -> Self {
        let [white, dark] = INKS;
        if self.contrast(white) >= self.contrast(dark) {
            white
        } else {
            dark
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The color of buttons, on light and on dark pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accent {
    light: Color,
    dark: Color,
}

impl Accent {
    /// Parses `#rrggbb`; refuses what could not be told from a light page.
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        let light = Color::parse(text).ok_or_else(|| Invalid::because("is not #rrggbb"))?;
        let contrast = light.contrast(LIGHT_CARD);
        if contrast < READABLE {
            let better = light.until_readable(Color([0; 3]), LIGHT_CARD);
            return Err(Invalid::because(format!(
                "has a contrast of only {contrast:.1}:1 with white; {better} would do"
            )));
        }
        let dark = light.until_readable(Color([0xff; 3]), DARK_CARD);
        Ok(Self { light, dark })
    }

    /// The style sheet's variables.
    pub(crate) fn css(self) -> String {
        let variables =
            |color: Color| format!(":root{{--accent:{color};--on-accent:{}}}", color.ink());
        format!(
            "{}@media (prefers-color-scheme:dark){{{}}}",
            variables(self.light),
            variables(self.dark)
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn color(text: &str) -> Color {
        Color::parse(text).unwrap()
    }

    /// Ratios as other tools give them.
    #[test]
    fn contrast_is_measured_as_wcag_does() {
        for (a, b, ratio) in [
            ("#000000", "#ffffff", 21.0),
            ("#777777", "#ffffff", 4.48),
            ("#0000ff", "#ffffff", 8.59),
            ("#ffffff", "#ffffff", 1.0),
        ] {
            let measured = color(a).contrast(color(b));
            assert!((measured - ratio).abs() < 0.01, "{a} {b}: {measured}");
        }
    }

    #[test]
    fn a_pale_color_is_refused_with_one_that_would_do() {
        let error = Accent::parse("#ffcc00").unwrap_err().to_string();
        let better = error.split("; ").nth(1).unwrap();
        assert!(error.contains("only 1."), "{error}");
        assert!(Accent::parse(better.split(' ').next().unwrap()).is_ok());
        for text in [
            "",
            "red",
            "#fff",
            "#12345g",
            "#+12345",
            "0b5cad",
            "#0b5cad;x",
        ] {
            assert!(Accent::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_can_be_read(bytes in any::<[u8; 3]>()) {
            if let Ok(accent) = Accent::parse(&Color(bytes).to_string()) {
                for (accent, card) in [(accent.light, LIGHT_CARD), (accent.dark, DARK_CARD)] {
                    prop_assert!(accent.contrast(card) >= READABLE);
                    prop_assert!(accent.contrast(accent.ink()) >= READABLE);
                }
            }
        }
    }
}
