import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './app/console.css';
import { createRoot } from 'react-dom/client';
import { Console } from './app/console.tsx';

// A page that the browser kept for its back button may show what the session that has ended could see.
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted) window.location.reload();
});

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Console />);
