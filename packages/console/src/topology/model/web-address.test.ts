import { expect, it } from 'vitest';
import { isWebAddress } from './web-address.ts';

it.each(['https://docs.example/a?b=c', 'HTTP://10.0.0.1:8080/'])('%s is a link', (address) => {
  expect(isWebAddress(address)).toBe(true);
});

it.each([
  'javascript:alert(1)',
  ' javascript:alert(1)//https://docs.example',
  'data:text/html,<script>alert(1)</script>',
  'file:///etc/passwd',
  '/api/logout',
  '',
])('%j stays text', (address) => {
  expect(isWebAddress(address)).toBe(false);
});
