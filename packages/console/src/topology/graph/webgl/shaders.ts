/** The shapes, computed in each pixel: sharp at every zoom, and without textures. */
import type { Field } from './program.ts';

/** `state`: bits of what is special about an instance. */
export const nodeBits = { group: 1, selected: 2, pseudo: 4, dimmed: 8, hull: 16, hovered: 32 } as const;

const camera = /* glsl */ `
uniform vec2 size;      // of the canvas, in pixels
uniform vec2 centre;    // of the camera, in the world
uniform float zoom;
uniform float scale;    // of nodes at this zoom
vec2 onScreen(vec2 world) { return (world - centre) * zoom; }
vec4 clip(vec2 screen) { return vec4(screen * 2.0 / size * vec2(1, -1), 0, 1); }
`;

export const nodeFields: readonly Field[] = [
  { name: 'place', size: 2 },
  { name: 'radius', size: 1 },
  { name: 'sides', size: 1 },
  { name: 'level', size: 1 },
  { name: 'state', size: 1 },
  { name: 'colour', size: 'bytes' },
];

export const nodeVertex = /* glsl */ `
in vec2 corner; in vec2 place; in float radius; in float sides; in float level; in float state; in vec4 colour;
out vec2 at; flat out float reach; flat out float corners; flat out float fill; flat out int bits; flat out vec4 tone;
${camera}
void main() {
  bits = int(state);
  // Hulls cover an area of the world; nodes have a size of their own.
  reach = (bits & ${nodeBits.hull}) != 0 ? radius * zoom : max(radius * scale, 2.0);
  at = corner * (reach + 10.0);
  corners = sides; fill = level; tone = colour;
  gl_Position = clip(onScreen(place) + at);
}`;

export const nodeFragment = /* glsl */ `
in vec2 at; flat in float reach; flat in float corners; flat in float fill; flat in int bits; flat in vec4 tone;
uniform vec4 ground; uniform vec4 accent;
out vec4 pixel;
float polygon(vec2 p, float r, float n) {
  if (n < 3.0) return length(p) - r;
  float step = 6.2831853 / n;
  float turned = atan(p.x, -p.y) + (n == 4.0 ? step / 2.0 : 0.0);
  float rounding = r * 0.18;
  float inner = (r - rounding) * cos(step / 2.0) * 1.1;
  return cos(floor(0.5 + turned / step) * step - turned) * length(p) - inner - rounding * 0.9;
}
void over(inout vec4 below, vec4 colour, float cover) {
  float a = colour.a * cover;
  below = vec4(mix(below.rgb, colour.rgb, a), a + below.a * (1.0 - a));
}
void main() {
  float d = polygon(at, reach, corners);
  vec4 seen = vec4(tone.rgb, 0);
  if ((bits & ${nodeBits.hull}) != 0) {
    float inside = 1.0 - smoothstep(-1.0, 1.0, d);
    float edge = 1.0 - smoothstep(0.0, 1.5, abs(d));
    seen = vec4(tone.rgb, tone.a * (inside * 0.10 + edge * 0.45));
  } else {
    float border = reach < 5.0 ? 1.0 : (bits & ${nodeBits.pseudo}) != 0 ? 1.0 : 1.8;
    if ((bits & ${nodeBits.selected}) != 0) over(seen, accent, (1.0 - smoothstep(5.5, 7.0, d)) * 0.38);
    if ((bits & ${nodeBits.hovered}) != 0) over(seen, tone, (1.0 - smoothstep(3.5, 5.0, d)) * 0.25);
    if ((bits & ${nodeBits.group}) != 0) over(seen, tone, 1.0 - smoothstep(0.6, 1.6, abs(d - 4.0)));
    float inside = 1.0 - smoothstep(-0.6, 0.6, d);
    vec4 body = vec4(mix(ground.rgb, tone.rgb, (bits & ${nodeBits.pseudo}) != 0 ? 0.06 : 0.20), 1);
    over(seen, body, inside);
    // The level stands in the shape like water in a glass.
    if (fill >= 0.0 && reach > 3.0) {
      float surface = reach - 2.0 * reach * clamp(fill, 0.03, 1.0);
      over(seen, vec4(tone.rgb, 0.62), inside * smoothstep(surface - 0.7, surface + 0.7, at.y));
    }
    over(seen, vec4(tone.rgb, 1), inside * smoothstep(-border - 0.6, -border + 0.6, d));
  }
  if ((bits & ${nodeBits.dimmed}) != 0) seen.a *= 0.16;
  pixel = vec4(seen.rgb * seen.a, seen.a);
}`;

export const edgeFields: readonly Field[] = [
  { name: 'ends', size: 4 },
  { name: 'radii', size: 2 },
  { name: 'width', size: 1 },
  { name: 'speed', size: 1 },
  { name: 'aside', size: 1 },
  { name: 'colour', size: 'bytes' },
];

export const edgeVertex = /* glsl */ `
in vec2 corner; in vec4 ends; in vec2 radii; in float width; in float speed; in float aside; in vec4 colour;
uniform float detail;
out float along; out float side; flat out float whole; flat out float halfWidth; flat out float pace; flat out vec4 tone;
${camera}
void main() {
  vec2 from = onScreen(ends.xy), to = onScreen(ends.zw);
  vec2 way = to - from;
  float apart = length(way);
  vec2 ahead = apart > 0.001 ? way / apart : vec2(1, 0);
  vec2 across = vec2(-ahead.y, ahead.x);
  float start = max(radii.x * scale, 2.0) + 2.0;
  float rest = apart - start - max(radii.y * scale, 2.0) - 3.0;
  whole = max(rest, 0.0);
  halfWidth = width * 0.5;
  // Room for the head, which is smaller from afar: what is not covered costs nothing.
  float reach = max(halfWidth, 4.5 * detail) + 1.6;
  along = (corner.x * 0.5 + 0.5) * whole;
  side = corner.y * reach;
  pace = speed; tone = rest <= 0.0 ? vec4(0) : colour;
  gl_Position = clip(from + ahead * (start + along) + across * (side + aside));
}`;

export const edgeFragment = /* glsl */ `
in float along; in float side; flat in float whole; flat in float halfWidth; flat in float pace; flat in vec4 tone;
uniform float seconds; uniform float strength; uniform float detail; uniform vec4 accent;
out vec4 pixel;
void main() {
  float left = whole - along;
  float head = detail * step(left, 9.0) * step(14.0, whole);
  float edge = mix(halfWidth, left * 0.42, head);
  float cover = (1.0 - smoothstep(edge - 0.6, edge + 0.6, abs(side))) * tone.a * mix(strength, min(1.0, strength * 1.5), head);
  vec3 colour = tone.rgb;
  if (pace > 0.0) {
    float phase = fract(along / 34.0 - seconds * pace);
    float pulse = smoothstep(0.0, 0.12, phase) * (1.0 - smoothstep(0.16, 0.34, phase));
    float drop = (1.0 - smoothstep(halfWidth + 0.4, halfWidth + 1.6, abs(side))) * pulse * detail;
    colour = mix(colour, accent.rgb, drop);
    cover = max(cover, drop * tone.a * 0.95);
  }
  pixel = vec4(colour * cover, cover);
}`;
