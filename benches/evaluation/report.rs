//! The report: `README.md` in the folder `benches`.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::guests::Guest;
use crate::patches::{Patch, Size};
use crate::timing::{ROUNDS, Samples};
use crate::{Figures, Row};

const INTRODUCTION: &str = "\
# What the policy costs

`make bench` wrote this file and [chart.svg](chart.svg). It runs the module in the engine that kwctl and policy-server
embed, beside guests to compare it with:

- **echo** returns the policy's answer as a constant. What it takes is the host's work, which no policy can save.
- **accept** accepts as a constant.
- **typed** reads the pod into the types of `k8s-openapi`, sets one field and writes it, as most policies do.
- **ignored** reads the request into `serde::de::IgnoredAny` and accepts it.

The guests take turns in one run, so that ratios hold also on a busy machine. Times are in microseconds: the fastest of
the samples, which a busy machine disturbs least. A ratio compares samples of one round, and is the median of all rounds;
in brackets stands the ratio of the fastest samples.

`home, again` is a pod that the policy finds as it would leave it. Pods named `made` have the containers of
`tekton-taskrun` over and over. The settings have a host, an address and an own Secret.

![Whole evaluations beside echo](chart.svg)
";

const REUSED: &str = "\
## Whole evaluations, reused instance

As `kwctl bench` has it: the host writes the payload, calls the guest, reads the answer, compares it with the pod and
encodes the patch, in the steps of policy-evaluator, which kwctl and policy-server share.
";

const FRESH: &str = "\
## Whole evaluations, fresh instance

As policy-server has it: the same, in an instance that is made for the evaluation from the compiled module.
";

const ALONE: &str = "\
## Guest alone

The call of the guest in a reused instance, which takes the request and hands the answer over.
";

const PATCHES: &str = "\
## Patches

The host's patch for each recorded request that gets one, beside the patch that the pod would get if its variables were
appended to each environment, as Liqo's virtual kubelet does. The host compares lists index by index, so what is put
before other entries moves them all. The policy does that only where an entry refers to one of the variables, or where an
entry of the same name is in the way: appended variables would then have no effect.
";

/// How large the modules are, in bytes.
pub(crate) struct Sizes {
    policy: u64,
    typed: u64,
}

impl Sizes {
    pub(crate) fn of(project: &Path, guests: &Path) -> Result<Self> {
        Ok(Self {
            policy: fs::metadata(project.join("policy.wasm"))?.len(),
            typed: fs::metadata(guests.join("typed.wasm"))?.len(),
        })
    }
}

/// Which of its figures a table is about.
type Figure = fn(&Figures) -> &Samples;

/// The fastest sample of a guest, in microseconds.
fn fastest(row: &Row, guest: Guest, figure: Figure) -> f64 {
    figure(row.figures_of(guest)).fastest().as_secs_f64() * 1e6
}

/// What a guest takes as a multiple of what another takes.
pub(crate) fn ratio(row: &Row, guest: Guest, other: Guest, figure: Figure) -> f64 {
    figure(row.figures_of(guest)).ratio_to(figure(row.figures_of(other)))
}

pub(crate) fn markdown(rows: &[Row], patches: &[Patch], sizes: &Sizes) -> String {
    let mut out = String::new();
    // Writing into a string does not fail.
    let _ = write(&mut out, rows, patches, sizes);
    out
}

fn write(out: &mut String, rows: &[Row], patches: &[Patch], sizes: &Sizes) -> fmt::Result {
    let processor = processor();
    writeln!(out, "{INTRODUCTION}")?;
    writeln!(
        out,
        "Module: **{}** bytes; typed: {}. {} to {} samples each, on {processor}.\n",
        sizes.policy,
        sizes.typed,
        ROUNDS.start(),
        ROUNDS.end()
    )?;

    let evaluations = [Guest::Policy, Guest::Echo, Guest::Accept, Guest::Typed];
    let to_echo = [(Guest::Policy, Guest::Echo), (Guest::Typed, Guest::Echo)];
    writeln!(out, "{REUSED}")?;
    table(out, rows, &evaluations, &to_echo, |figures| &figures.reused)?;
    writeln!(out, "{FRESH}")?;
    table(out, rows, &evaluations, &to_echo, |figures| &figures.fresh)?;
    writeln!(out, "{ALONE}")?;
    let guests = [Guest::Policy, Guest::Echo, Guest::Typed, Guest::Ignored];
    let to_ignored = [(Guest::Policy, Guest::Ignored), (Guest::Typed, Guest::Ignored)];
    table(out, rows, &guests, &to_ignored, |figures| &figures.guest)?;

    writeln!(out, "{PATCHES}")?;
    writeln!(out, "| request | operations | bytes | appended: operations | bytes |\n|---|--:|--:|--:|--:|")?;
    for Patch { name, policy, appended } in patches {
        patch(out, name, *policy, *appended)?;
    }
    patch(
        out,
        "**all**",
        patches.iter().map(|patch| patch.policy).sum(),
        patches.iter().map(|patch| patch.appended).sum(),
    )
}

fn table(out: &mut String, rows: &[Row], guests: &[Guest], ratios: &[(Guest, Guest)], figure: Figure) -> fmt::Result {
    let names = guests.iter().map(|guest| guest.name().to_owned());
    let quotients = ratios.iter().map(|(one, other)| format!("{} ÷ {}", one.name(), other.name()));
    let heads: Vec<_> = names.chain(quotients).collect();
    writeln!(out, "| pod | mode | {} |", heads.join(" | "))?;
    writeln!(out, "|---|---|{}", "--:|".repeat(heads.len()))?;
    for row in rows {
        write!(out, "| {} ({} kB) | {} |", row.pod.name, row.pod.kilobytes(), row.pod.mode)?;
        for guest in guests {
            write!(out, " {:.1} |", fastest(row, *guest, figure))?;
        }
        for (one, other) in ratios {
            let of_fastest = fastest(row, *one, figure) / fastest(row, *other, figure);
            write!(out, " {:.2} ({of_fastest:.2}) |", ratio(row, *one, *other, figure))?;
        }
        writeln!(out)?;
    }
    writeln!(out)
}

fn patch(out: &mut String, name: &str, policy: Size, appended: Size) -> fmt::Result {
    writeln!(
        out,
        "| {name} | {} | {} | {} | {} |",
        policy.operations, policy.bytes, appended.operations, appended.bytes
    )
}

/// What Linux says of the processor.
fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| "an unknown processor".to_owned(), |(_, model)| model.trim().to_owned())
}
