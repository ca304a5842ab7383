import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import './theme/tokens.css';
import './theme/base.css';
import { createQueryClient } from './api/index.ts';
import { App } from './shell/app.tsx';
import { startTheme } from './theme/theme.ts';

startTheme();
const root = document.getElementById('root');
if (root === null)
  throw new Error('the page has no #root; index.html and the script are of different versions');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
