// The entry of the dashboard.
import { render } from 'preact'
import { startRouter } from './router.ts'
import { App } from './shell/app.tsx'
import { applyTheme } from './shell/theme.ts'
import { startClock } from './view/clock.ts'
import { listenToKeys } from './view/keys.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/badges.css'
import './styles/shell.css'
import './styles/signIn.css'
import './styles/jobs.css'
import './styles/jobTable.css'
import './styles/job.css'
import './styles/history.css'
import './styles/bulk.css'

applyTheme()
startClock()
startRouter()
listenToKeys()
const root = document.getElementById('app')
if (root !== null) render(<App />, root)
