import { useAbout, useSession } from '../api/index.ts';
import { chooseTheme, type ThemeChoice, useThemeChoice } from '../theme/theme.ts';
import { type Choice, Facts, Panel, Segments } from '../ui/index.ts';

const choices: readonly Choice<ThemeChoice>[] = [
  { value: 'system', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

/** Kept in this browser; and what this is. */
export function Looks() {
  const choice = useThemeChoice();
  const who = useSession().data;
  const about = useAbout().data;
  return (
    <>
      <Panel title="Theme">
        <Segments label="Theme" value={choice} choices={choices} onChange={chooseTheme} />
      </Panel>
      <Panel title="About">
        <Facts
          facts={[
            [
              'Orchestrator',
              about === undefined ? 'not known' : `version ${about.version} on ${about.hostname}`,
            ],
            ['You', who === undefined ? 'not known' : `${who.name}, ${who.role}`],
            [
              'API',
              <a key="api" href="/api/openapi.json">
                OpenAPI document
              </a>,
            ],
            [
              'Metrics',
              <a key="metrics" href="/metrics">
                Prometheus
              </a>,
            ],
          ]}
        />
      </Panel>
    </>
  );
}
