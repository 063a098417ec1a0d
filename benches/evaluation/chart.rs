//! The chart: what a whole evaluation takes in mode home, as a multiple of what it takes where the guest does nothing.

use std::path::Path;

use anyhow::Result;
use plotters::prelude::*;

use crate::Row;
use crate::guests::Guest;
use crate::report::ratio;

/// The columns of the chart. Reading into nothing is no evaluation of its own.
const SHOWN: [(Guest, RGBColor); 3] = [
    (Guest::Policy, RGBColor(0x2f, 0x6f, 0xb7)),
    (Guest::Typed, RGBColor(0xd9, 0x82, 0x2b)),
    (Guest::Accept, RGBColor(0x9a, 0xa5, 0xb1)),
];

/// How far the columns of a pod are apart, in pixels. A pod has 140.
const STEP: u32 = 39;

pub(crate) fn draw(rows: &[Row], path: &Path) -> Result<()> {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.is_shown_first()).collect();
    let ratios = |row: &Row| SHOWN.map(|(guest, _)| ratio(row, guest, Guest::Echo, |figures| &figures.reused));
    let highest = rows.iter().flat_map(|row| ratios(row)).fold(1.0, f64::max);

    let area = SVGBackend::new(path, (760, 360)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("Whole evaluation in mode home, 1 = a guest that only returns the answer", ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(32)
        .y_label_area_size(36)
        .build_cartesian_2d((0..rows.len().saturating_sub(1)).into_segmented(), 0.0..highest * 1.15)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .y_labels(6)
        .x_labels(rows.len())
        .x_label_formatter(&|position| match position {
            SegmentValue::CenterOf(index) => {
                rows.get(*index).map_or_else(String::new, |row| format!("{} kB", row.pod.kilobytes()))
            }
            _ => String::new(),
        })
        .draw()?;
    for (column, (guest, color)) in SHOWN.into_iter().enumerate() {
        let bars = rows.iter().enumerate().map(|(index, row)| {
            let height = ratios(row)[column];
            // Segments are whole numbers, so columns that stand beside each other are told by margins.
            let (left, right) = (12 + STEP * column as u32, 12 + STEP * (SHOWN.len() - 1 - column) as u32);
            let mut bar = Rectangle::new(
                [(SegmentValue::Exact(index), 0.0), (SegmentValue::Exact(index + 1), height)],
                color.filled(),
            );
            bar.set_margin(0, 0, left, right);
            bar
        });
        chart
            .draw_series(bars)?
            .label(guest.name())
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled()));
    }
    chart.draw_series(LineSeries::new(
        [(SegmentValue::Exact(0), 1.0), (SegmentValue::Exact(rows.len()), 1.0)],
        BLACK.mix(0.6),
    ))?;
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.2))
        .draw()?;
    area.present()?;
    Ok(())
}
