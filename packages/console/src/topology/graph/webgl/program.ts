/** Compiles shaders and describes buffers of instances: one small shape, drawn once for each node or edge. */
export interface Field {
  readonly name: string;
  /** Numbers; `bytes` are four in the place of one number, 0 to 255 each read as 0 to 1. */
  readonly size: 1 | 2 | 4 | 'bytes';
}

export interface Instances {
  /** Numbers that one instance takes. */
  readonly stride: number;
  /** `data`: `count` instances, one after the other. */
  upload(data: Float32Array<ArrayBuffer>, count: number): void;
  draw(uniforms: Readonly<Record<string, number | readonly number[]>>): void;
}

function compile(gl: WebGL2RenderingContext, type: number, source: string): WebGLShader {
  const shader = gl.createShader(type);
  if (shader === null) throw new Error('WebGL makes no shader; its context is lost');
  gl.shaderSource(shader, `#version 300 es\nprecision highp float;\n${source}`);
  gl.compileShader(shader);
  if (gl.getShaderParameter(shader, gl.COMPILE_STATUS) === false && !gl.isContextLost()) {
    throw new Error(`a shader is refused: ${gl.getShaderInfoLog(shader)}`);
  }
  return shader;
}

function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  gl.attachShader(program, compile(gl, gl.VERTEX_SHADER, vertex));
  gl.attachShader(program, compile(gl, gl.FRAGMENT_SHADER, fragment));
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) === false && !gl.isContextLost()) {
    throw new Error(`shaders do not fit together: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}

const sizeOf = ({ size }: Field) => (size === 'bytes' ? 1 : size);

/** Corners of a square around the origin arrive as `corner`, from -1 to 1. */
export function createInstances(
  gl: WebGL2RenderingContext,
  {
    vertex,
    fragment,
    fields,
  }: { readonly vertex: string; readonly fragment: string; readonly fields: readonly Field[] },
): Instances {
  const program = link(gl, vertex, fragment);
  const stride = fields.reduce((sum, field) => sum + sizeOf(field), 0);
  const vao = gl.createVertexArray();
  gl.bindVertexArray(vao);
  const corners = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, corners);
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
  const corner = gl.getAttribLocation(program, 'corner');
  gl.enableVertexAttribArray(corner);
  gl.vertexAttribPointer(corner, 2, gl.FLOAT, false, 0, 0);
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  let offset = 0;
  for (const field of fields) {
    const location = gl.getAttribLocation(program, field.name);
    if (location >= 0) {
      gl.enableVertexAttribArray(location);
      const [size, type] = field.size === 'bytes' ? [4, gl.UNSIGNED_BYTE] : [field.size, gl.FLOAT];
      gl.vertexAttribPointer(location, size, type, field.size === 'bytes', stride * 4, offset * 4);
      gl.vertexAttribDivisor(location, 1);
    }
    offset += sizeOf(field);
  }
  gl.bindVertexArray(null);
  const locations = new Map<string, WebGLUniformLocation | null>();
  let count = 0;

  const setUniform = (name: string, value: number | readonly number[]) => {
    const location = locations.has(name) ? locations.get(name) : gl.getUniformLocation(program, name);
    locations.set(name, location ?? null);
    if (location === null || location === undefined) return;
    if (typeof value === 'number') gl.uniform1f(location, value);
    else if (value.length === 2) gl.uniform2fv(location, value);
    else gl.uniform4fv(location, value);
  };

  return {
    stride,
    upload(data, instances) {
      count = instances;
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW, 0, instances * stride);
    },
    draw(uniforms) {
      if (count === 0) return;
      // biome-ignore lint/correctness/useHookAtTopLevel: a method of WebGL that is called like a hook of React
      gl.useProgram(program);
      for (const [name, value] of Object.entries(uniforms)) setUniform(name, value);
      gl.bindVertexArray(vao);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
    },
  };
}
