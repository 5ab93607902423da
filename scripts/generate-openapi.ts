// Writes docs/openapi.yaml, the description that the server publishes as JSON; with --check, only compares.
import { stringify } from 'yaml';
import { describeApi } from '../src/server/transport/rest/openapi/describe-api.ts';
import { packageVersion } from '../src/shared/package-version.ts';
import { finish, format } from './generated-file.ts';

const comment =
  '# Generated from src/server/transport/rest/openapi by scripts/generate-openapi.ts. Do not edit. A server has it at GET /openapi.json.\n';

const file = 'docs/openapi.yaml';
const text = comment + stringify(describeApi(packageVersion()), { lineWidth: 120, aliasDuplicateObjects: false });

finish(file, format(text, file), process.argv);
