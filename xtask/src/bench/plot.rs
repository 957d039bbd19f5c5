//! The picture of a record: horizontal bars on logarithmic scales, a panel for each workload.
//!
//! In: panels. Out: SVG, written by hand. It brings its own ground, light or dark as the reader's
//! system is, so that it can be read on any page.

mod scale;

mod palette;

use std::fmt::Write as _;

use self::palette::style;
use self::scale::Scale;
pub use self::scale::Unit;
use super::contest::Side;

/// Bars that can be compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Name of the workload.
    pub name: String,
    /// What it asks.
    about: String,
    unit: Unit,
    /// Shortest first.
    bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it stands for.
    pub title: String,
    /// Whose it is: its colour.
    pub side: Side,
    /// In the panel's unit; greater than 0.
    pub value: f64,
}

impl Panel {
    /// A panel with its shortest bar first.
    pub fn new(name: &str, about: &str, unit: Unit, mut bars: Vec<Bar>) -> Self {
        bars.sort_by(|left, right| left.value.total_cmp(&right.value));
        Self { name: name.to_owned(), about: about.to_owned(), unit, bars }
    }
}

// Lengths are in pixels of a picture that is not scaled.
const PANEL_WIDTH: f64 = 480.0;
const MARGIN: f64 = 28.0;
const GAP: f64 = 36.0;
/// Title and description above the bars.
const HEAD: f64 = 44.0;
const ROW: f64 = 21.0;
const BAR: f64 = 13.0;
/// The axis below the bars.
const FOOT: f64 = 26.0;
const LABELS: f64 = 124.0;
/// Room for a number right of the longest bar.
const NUMBERS: f64 = 58.0;
const LEGEND: f64 = 34.0;

/// The picture of some panels, in two columns.
pub fn svg(panels: &[Panel]) -> String {
    let columns = panels.len().clamp(1, 2);
    let width = MARGIN * 2.0 + PANEL_WIDTH * columns as f64 + GAP * (columns - 1) as f64;
    let mut y = MARGIN;
    let mut body = String::new();
    for row in panels.chunks(columns) {
        for (column, panel) in row.iter().enumerate() {
            let x = MARGIN + column as f64 * (PANEL_WIDTH + GAP);
            let _ = writeln!(body, "<g transform=\"translate({x:.0} {y:.0})\">");
            draw(&mut body, panel);
            body.push_str("</g>\n");
        }
        let bars = row.iter().map(|panel| panel.bars.len()).max().unwrap_or(0);
        y += HEAD + bars as f64 * ROW + FOOT + GAP / 2.0;
    }
    legend(&mut body, y, width - MARGIN);
    let height = y + LEGEND;
    let style = style();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
         aria-label=\"Time of one evaluation by workload, loading and memory\">\n\
         <style>{style}</style>\n\
         <rect class=\"ground\" x=\"0.5\" y=\"0.5\" width=\"{:.0}\" height=\"{:.0}\" rx=\"10\"/>\n\
         {body}</svg>\n",
        width - 1.0,
        height - 1.0,
    )
}

fn draw(body: &mut String, panel: &Panel) {
    let Panel { name, about, unit, bars } = panel;
    let _ = writeln!(
        body,
        "<text class=\"name\" y=\"12\">{}</text><text class=\"about\" y=\"30\">{}</text>",
        escaped(name),
        escaped(about)
    );
    let values: Vec<f64> = bars.iter().map(|bar| bar.value).collect();
    let scale = Scale::over(&values, LABELS, PANEL_WIDTH - NUMBERS);
    let bottom = HEAD + bars.len() as f64 * ROW;
    for (place, tick) in scale.ticks().into_iter().enumerate() {
        let x = scale.place(tick);
        let class = if place == 0 { "base" } else { "grid" };
        let _ = writeln!(
            body,
            "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{HEAD:.0}\" y2=\"{:.0}\"/>\
             <text class=\"tick\" x=\"{x:.1}\" y=\"{:.0}\">{}</text>",
            bottom + 2.0,
            bottom + 15.0,
            unit.round(tick)
        );
    }
    for (number, bar) in bars.iter().enumerate() {
        draw_bar(body, *unit, &scale, bar, HEAD + number as f64 * ROW);
    }
}

fn draw_bar(body: &mut String, unit: Unit, scale: &Scale, bar: &Bar, y: f64) {
    let (start, end) = (LABELS, scale.place(bar.value));
    let class = class(bar.side);
    let ours = if bar.side == Side::Vexil { " ours" } else { "" };
    let text = y + ROW / 2.0 + 4.0;
    // A dashed edge is drawn inside of where a bar without edge would end.
    let inset = if bar.side == Side::Limit { 0.5 } else { 0.0 };
    let _ = writeln!(
        body,
        "<text class=\"label{ours}\" x=\"{:.0}\" y=\"{text:.1}\">{}</text>\
         <rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\"/>\
         <text class=\"number{ours}\" x=\"{:.1}\" y=\"{text:.1}\">{}</text>",
        start - 8.0,
        escaped(&bar.title),
        start + inset,
        y + (ROW - BAR) / 2.0 + inset,
        (end - start - 2.0 * inset).max(1.0),
        BAR - 2.0 * inset,
        end + 6.0,
        unit.exact(bar.value)
    );
}

fn legend(body: &mut String, y: f64, end: f64) {
    let entries = [
        (Side::Vexil, "Vexil", 74.0),
        (Side::Peer, "what a user could pick instead", 214.0),
        (Side::Limit, "the same rules, written by hand in Rust", 264.0),
        (Side::Oracle, "the interpreter, oracle of its tests", 0.0),
    ];
    let mut x = MARGIN;
    for (side, text, width) in entries {
        let _ = writeln!(
            body,
            "<rect class=\"{}\" x=\"{:.1}\" y=\"{:.1}\" width=\"12\" height=\"12\" rx=\"2\"/>\
             <text class=\"about\" x=\"{:.0}\" y=\"{:.0}\">{text}</text>",
            class(side),
            x + 0.5,
            y - 0.5,
            x + 19.0,
            y + 10.0
        );
        x += width;
    }
    let _ = writeln!(
        body,
        "<text class=\"about label\" x=\"{end:.0}\" y=\"{:.0}\">log scales, shorter is better</text>",
        y + 10.0
    );
}

const fn class(side: Side) -> &'static str {
    match side {
        Side::Limit => "limit",
        Side::Vexil => "vexil",
        Side::Oracle => "oracle",
        Side::Peer => "peer",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(title: &str, side: Side, value: f64) -> Bar {
        Bar { title: title.to_owned(), side, value }
    }

    #[test]
    fn the_shortest_bar_stands_first_and_is_the_shortest() {
        let bars = vec![bar("slow & <old>", Side::Peer, 1_000.0), bar("Vexil", Side::Vexil, 10.0)];
        let panel = Panel::new("W1", "a flag", Unit::Nanoseconds, bars);
        let picture = svg(&[panel]);
        let place = |text: &str| picture.find(text).unwrap();
        assert!(place(">Vexil<") < place(">slow &amp; &lt;old&gt;<"), "{picture}");
        assert!(place(">10 ns<") < place(">1 µs<"), "{picture}");
        let widths = picture.split("class=\"vexil\"").nth(1).unwrap();
        assert!(widths.contains("width=\"99.3\""), "{picture}");
    }

    #[test]
    fn a_picture_without_panels_is_a_picture() {
        assert!(svg(&[]).starts_with("<svg "));
    }
}
