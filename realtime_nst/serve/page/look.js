// The page's settings, and the look and view of the server that they stand for.

// From the smallest strokes to the largest. A server may begin with others: these are said as they are.
export const BRUSHES = { "0.5": "very fine", "0.7": "fine", auto: "medium", "1.4": "broad", bold: "bold" };

// Where it paints, as a look says it.
export const PLACES = {
  everywhere: {}, person: { mask: "person" }, background: { mask: "background" },
  moving: { mask: "moving" }, still: { mask: "moving", invert_mask: true },
};

export function asLook({ style, blend_with, blend_weight, where, strength, brush, stabilise, keep_colour }) {
  return {
    style: blend_with === null ? style
      : [{ name: style, weight: 1 - blend_weight }, { name: blend_with, weight: blend_weight }],
    strength, brush, stabilise, keep_colour,
    ...(where === null ? {} : { mask: "", mask_model: "", rest: "", invert_mask: false, ...PLACES[where] }),
  };
}

// Only what has been changed here is sent; all else stays as it is.
export function changes(now, before) {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) =>
    JSON.stringify(value) !== JSON.stringify(before[name])));
}

export function asView({ mirror, split }) {
  return { mirror, split };
}

// ``blend_weight`` is shown for a look without a blend.
export function settings(look, { mirror, split }, blend_weight = 0.5) {
  const { style, mask, mask_model, rest, invert_mask, strength, brush, stabilise, keep_colour } = look;
  const [first, second] = Array.isArray(style) ? style : [{ name: style }];
  return {
    style: first.name, blend_with: second?.name ?? null, blend_weight: second?.weight ?? blend_weight,
    where: mask_model || rest ? null : place(mask, invert_mask),
    strength, brush, stabilise, keep_colour, mirror, split,
  };
}

function place(mask, invert_mask) {
  return Object.keys(PLACES).find((name) =>
    (PLACES[name].mask ?? "") === mask && (PLACES[name].invert_mask ?? false) === invert_mask) ?? null;
}
